//! The simulator: a provider that does what its test tokens and scripts say, and keeps a book as a real one would.
//!
//! Deterministic: what an operation comes to depends on its token, the scripts and the book alone. The tokens are listed at
//! SimulatorService in the contract.

mod book;
pub(crate) mod charge;
mod token;

use std::time::Duration;

use souk_chassis::Drain;
use souk_data::page::PageTokens;
use souk_data::{Db, RequestKey};
use souk_types::{AttemptId, Clock, PaymentId};

use super::{Charge, NoAnswer, Order, Provider};
use crate::attempt::{Answer, Method};
use crate::config::SimulatorConfig;
use crate::error::Error;

pub use book::{SCHEMA, Target};
pub use token::{Operation, Outcome};

use book::{Book, Delivered};
use token::Token;

/// The provider that stands in for real ones. Cloning is cheap.
#[derive(Clone)]
pub struct Simulator {
    book: Book,
    slow: Duration,
}

impl Simulator {
    /// Returns the simulator, which keeps its book in a database of its own.
    pub fn new(config: &SimulatorConfig, db: Db, clock: Clock) -> Self {
        let slow = Duration::from_millis(config.slow_milliseconds);
        let fees = charge::Fees {
            basis_points: i64::from(config.fee_basis_points),
            minor_units: i64::from(config.fee_minor_units),
        };
        Simulator { book: Book::new(db, fees, clock), slow }
    }

    /// Returns what issues and opens page tokens.
    pub fn tokens(&self) -> &PageTokens {
        self.book.tokens()
    }

    /// Makes the next operations on the target come out like this, in this order.
    ///
    /// # Errors
    /// When the request id was used for another script, or the database fails.
    pub async fn script(
        &self,
        key: RequestKey,
        target: Target,
        operation: Option<Operation>,
        outcomes: Vec<Outcome>,
    ) -> Result<(), Error> {
        self.book.script(key, target, operation, outcomes).await
    }

    /// Decides as a customer does at this action url; the first decision holds. Returns the payment and what holds.
    ///
    /// # Errors
    /// When the URL was not given out by this simulator, or its charge waits for nothing any more.
    pub async fn decide(&self, action_url: &str, approve: bool) -> Result<(PaymentId, bool), Error> {
        let charge = self.book.charge_behind(action_url).ok_or(Error::ActionNotFound)?;
        let approved = self.book.decide(charge, approve).await?;
        Ok((charge, approved))
    }

    /// Returns charges by payment, and whether more follow.
    pub async fn charges(&self, after: Option<PaymentId>, size: usize) -> Result<(Vec<Charge>, bool), Error> {
        let mut charges = self.book.charges(after, size + 1).await?;
        let has_more = charges.len() > size;
        charges.truncate(size);
        Ok((charges, has_more))
    }

    /// Delivers an operation: it takes effect or not, and its answer arrives or not.
    async fn deliver(
        &self,
        order: Order,
        operation: Operation,
        detail: charge::Detail,
        method: Option<&Method>,
    ) -> Result<Answer, NoAnswer> {
        let token = match method {
            Some(method) => Some(Token::of(method).ok_or_else(|| NoAnswer("the method is no token".into()))?),
            None => None,
        };
        let method = method.map(|method| method.0.clone());
        let delivered = self.book.deliver(order, operation, detail, token, method).await;
        match delivered.map_err(|error| NoAnswer(error.to_string()))? {
            Delivered::Answered(answer) => Ok(answer),
            Delivered::Slowly(answer) => {
                tokio::time::sleep(self.slow).await;
                Ok(answer)
            }
            Delivered::AnswerLost => Err(NoAnswer("the answer was lost".into())),
            Delivered::RequestLost => Err(NoAnswer("the request was lost".into())),
        }
    }
}

/// Deletes the records of scripts that have served their time. Charges are kept for ever, and the book has no events.
pub async fn purge(book: Db, clock: Clock, drain: Drain) -> Result<(), Error> {
    while drain.pause(book.purge_interval()).await {
        book.purge(clock.now()).await?;
    }
    Ok(())
}

#[tonic::async_trait]
impl Provider for Simulator {
    fn knows(&self, method: &Method) -> bool {
        Token::of(method).is_some()
    }

    async fn authorize(&self, order: Order, method: &Method) -> Result<Answer, NoAnswer> {
        self.deliver(order, Operation::Authorize, charge::Detail::default(), Some(method)).await
    }

    async fn decision(&self, charge: PaymentId) -> Result<Option<bool>, NoAnswer> {
        self.book.decision(charge).await.map_err(|error| NoAnswer(error.to_string()))
    }

    async fn complete_action(&self, order: Order) -> Result<Answer, NoAnswer> {
        self.deliver(order, Operation::CompleteAction, charge::Detail::default(), None).await
    }

    async fn capture(&self, order: Order, is_last: bool) -> Result<Answer, NoAnswer> {
        let detail = charge::Detail { is_last, ..Default::default() };
        self.deliver(order, Operation::Capture, detail, None).await
    }

    async fn void(&self, order: Order) -> Result<Answer, NoAnswer> {
        self.deliver(order, Operation::Void, charge::Detail::default(), None).await
    }

    async fn refund(&self, order: Order) -> Result<Answer, NoAnswer> {
        self.deliver(order, Operation::Refund, charge::Detail::default(), None).await
    }

    async fn inquire(&self, key: AttemptId) -> Result<Option<Answer>, NoAnswer> {
        self.book.answer(key).await.map_err(|error| NoAnswer(error.to_string()))
    }

    async fn statement(&self, after: Option<PaymentId>, limit: usize) -> Result<Vec<Charge>, NoAnswer> {
        self.book.charges(after, limit).await.map_err(|error| NoAnswer(error.to_string()))
    }

    async fn charge(&self, payment: PaymentId) -> Result<Option<Charge>, NoAnswer> {
        self.book.charge(payment).await.map_err(|error| NoAnswer(error.to_string()))
    }
}
