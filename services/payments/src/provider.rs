//! What a payment provider must be able to do. The simulator is the first; adapters to real ones
//! follow, each a file here, and nothing else in this service knows which one is used.

pub mod simulator;

use std::collections::BTreeMap;

use souk_types::{AttemptId, Currency, Money, PaymentId, Timestamp};

use crate::attempt::{Method, Reply, ReturnUrl};

/// The provider did not respond, or its response was lost: whether the operation took effect is
/// unknown.
#[derive(Debug, thiserror::Error)]
#[error("no answer: {0}")]
pub struct NoAnswer(pub String);

/// An event that is not signed by the provider, or was signed too long ago.
#[derive(Debug, thiserror::Error)]
#[error("the event is not signed by the provider")]
pub struct NotSigned;

/// One operation on the charge of a payment, under the key that makes it happen once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The provider's idempotency key of the operation.
    pub key: AttemptId,
    /// The charge, by our reference.
    pub charge: PaymentId,
    /// How much: to authorise, capture, release or refund; 0 or more.
    pub amount: Money,
}

/// A charge as the provider's own book has it, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub payment: PaymentId,
    pub currency: Currency,
    /// Authorised and neither captured nor released.
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
    /// How many operations took effect.
    pub operations: i64,
}

/// A payment provider.
///
/// Each operation has a key. Sending it again under the same key does nothing and answers the same;
/// this service never sends one operation under two keys. Amounts were checked by the rules before.
#[tonic::async_trait]
pub trait Provider: Send + Sync {
    /// Returns its name in the contract.
    fn name(&self) -> &'static str;

    /// Returns whether this is a payment method that the provider knows. Makes no call.
    fn knows(&self, method: &Method) -> bool;

    /// Sets the amount aside. If the customer must act first, the provider's page sends the
    /// customer back to `return_url`.
    async fn authorize(
        &self,
        order: Order,
        method: &Method,
        return_url: Option<&ReturnUrl>,
    ) -> Result<Reply, NoAnswer>;

    /// Returns what the customer decided about the charge at the provider's own page; none while
    /// nothing is decided.
    async fn decision(&self, charge: PaymentId) -> Result<Option<bool>, NoAnswer>;

    /// Goes on after the customer decided: approved is authorised, declined is declined. Not
    /// answered before.
    async fn complete_action(&self, order: Order) -> Result<Reply, NoAnswer>;

    /// Ends an action whose time is over: what the customer decided by then holds, and without a
    /// decision it is declined. Afterwards the customer can decide nothing.
    async fn expire_action(&self, order: Order) -> Result<Reply, NoAnswer>;

    /// Takes the amount from what is set aside; `is_last` sets the rest free.
    async fn capture(&self, order: Order, is_last: bool) -> Result<Reply, NoAnswer>;

    /// Sets free whatever is set aside. Is approved whether the authorisation ever arrived or not,
    /// and one that arrives later must set nothing aside: an adapter whose provider cannot promise
    /// that sends the authorisation again under its key, then voids.
    async fn void(&self, order: Order) -> Result<Reply, NoAnswer>;

    /// Pays the amount back.
    async fn refund(&self, order: Order) -> Result<Reply, NoAnswer>;

    /// Returns what was answered under this key, or none when no such operation has taken effect.
    async fn inquire(&self, key: AttemptId) -> Result<Option<Reply>, NoAnswer>;

    /// Returns the keys of the captures and refunds of a charge that the provider has taken back.
    async fn reversals(&self, charge: PaymentId) -> Result<Vec<AttemptId>, NoAnswer>;

    /// Reads an event as the provider's webhook sends it: the body and the headers, with names in
    /// lower case. Returns the charge that it is about; none when it is about something else.
    fn event(
        &self,
        body: &[u8],
        headers: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Option<PaymentId>, NotSigned>;

    /// Returns the provider's book, by payment: at most `limit` charges after `after`.
    async fn statement(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Result<Vec<Charge>, NoAnswer>;

    /// Returns one charge of the book.
    async fn charge(&self, payment: PaymentId) -> Result<Option<Charge>, NoAnswer>;
}
