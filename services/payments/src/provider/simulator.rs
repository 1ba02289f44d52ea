//! The simulator: a provider that does what its test tokens and scripts say, and keeps a book as a
//! real one would.
//!
//! Deterministic: the outcome of an operation depends only on its token, the scripts and the book.
//! The tokens are listed at SimulatorService in the contract.

pub mod book;
pub mod charge;
mod delivery;
mod token;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use souk_chassis::Drain;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Tx};
use souk_types::{AttemptId, Clock, PaymentId, Timestamp};

use super::{Charge, NoAnswer, NotSigned, Order, Provider};
use crate::attempt::{Details, Method, MethodSummary, Reply, ReturnUrl};
use crate::config::Config;
use crate::error::Error;

pub use book::SCHEMA;
pub use token::{Operation, Outcome, Target};

use book::operation::Recorded;
use delivery::{Delivery, Response, Terms};
use token::Token;

/// The part of an action url before the secret. `.invalid` leads nowhere (RFC 2606): the simulator
/// has no page.
const ACTION_URL: &str = "https://simulator.invalid/actions/";

/// What the secret part of an action url is bound to.
const ACTION_SCOPE: [&str; 1] = ["simulator action"];

/// What the secret of the webhook is bound to, unless the settings have one.
const WEBHOOK_SCOPE: [&str; 1] = ["simulator webhook"];

/// Its name in the contract.
const NAME: &str = "simulator";

/// The simulated provider. Cloning is cheap.
#[derive(Clone)]
pub struct Simulator {
    /// The book.
    pub db: Db,
    fees: charge::Fees,
    clock: Clock,
    slow: Duration,
    terms: Terms,
    webhook_secret: String,
}

/// What a customer decided.
pub struct Decided {
    pub charge: PaymentId,
    pub approved: bool,
    /// Where the customer goes now.
    pub return_url: Option<ReturnUrl>,
}

impl Simulator {
    /// Returns the simulator, which keeps its book in a database of its own.
    pub fn new(config: &Config, db: Db, clock: Clock) -> Self {
        let terms = Terms {
            action: Duration::from_secs(config.action.expire_seconds),
            authorization: Duration::from_secs(config.simulator.authorization_seconds),
        };
        let config = &config.simulator;
        let webhook_secret = match config.webhook_secret.0.as_str() {
            "" => db.page_tokens().issue(&WEBHOOK_SCOPE, &[]),
            secret => secret.to_owned(),
        };
        let slow = Duration::from_millis(config.slow_milliseconds);
        let fees = charge::Fees {
            basis_points: i64::from(config.fee_basis_points),
            minor_units: i64::from(config.fee_minor_units),
        };
        Simulator { db, fees, clock, slow, terms, webhook_secret }
    }

    /// Decides as a customer does at this action url; the first decision holds.
    ///
    /// # Errors
    /// When the URL was not given out by this simulator, or its charge waits for nothing any more.
    pub async fn decide(&self, action_url: &str, approve: bool) -> Result<Decided, Error> {
        let charge = self.charge_behind(action_url).ok_or(Error::ActionNotFound)?;
        let now = self.clock.now();
        self.db.write(ReadCommitted, (charge, approve, now), decide).await
    }

    /// Takes back the capture of this key, or the money of the refund in again; once.
    ///
    /// # Errors
    /// When no such operation has succeeded, or more than the rest was refunded.
    pub async fn reverse(&self, key: AttemptId) -> Result<(), Error> {
        self.db.write(ReadCommitted, (key, self.clock.now()), reverse).await
    }

    /// Returns the event that something happened to a charge, as the webhook sends it.
    pub fn event_about(&self, charge: PaymentId) -> webhook::Event {
        webhook::about(charge, self.webhook_secret.as_bytes(), self.clock.now())
    }

    /// Adds to an answer what it tells about an authorisation.
    fn reply(&self, recorded: Recorded, method: Option<&Method>) -> Reply {
        let summary =
            method.and_then(Token::of).map_or_else(MethodSummary::default, Token::summary);
        let details = Details {
            provider: NAME,
            reference: reference(recorded.charge),
            method: summary,
            expire_time: recorded.expire_time,
        };
        Reply { answer: recorded.answer, details: Some(details) }
    }

    /// Returns where the customer decides about a charge. It cannot be guessed, because it is
    /// sealed with the key of this database.
    fn action_url(&self, charge: PaymentId) -> String {
        let secret = self.db.page_tokens().issue(&ACTION_SCOPE, &[charge.into()]);
        format!("{ACTION_URL}{secret}")
    }

    /// Returns the charge that an action url is about; none when this simulator did not give it
    /// out.
    fn charge_behind(&self, action_url: &str) -> Option<PaymentId> {
        let secret = action_url.strip_prefix(ACTION_URL).filter(|secret| !secret.is_empty())?;
        self.db.page_tokens().open(&ACTION_SCOPE, secret).ok()??.get(0).ok()
    }

    async fn method_of(&self, charge: PaymentId) -> Result<Option<Method>, NoAnswer> {
        let row = book::charge::find(&self.db.read(), charge).await.map_err(no_answer)?;
        Ok(row.and_then(|row| row.method))
    }

    /// Delivers an operation: it takes effect or not, and its response arrives or not.
    async fn deliver(
        &self,
        order: Order,
        operation: Operation,
        detail: charge::Detail,
        asked: Option<(&Method, Option<&ReturnUrl>)>,
    ) -> Result<Recorded, NoAnswer> {
        let method = asked.map(|(method, _)| method);
        if method.is_some_and(|method| !self.knows(method)) {
            return Err(NoAnswer("the method is not a known token".into()));
        }
        let delivery = Delivery {
            action_url: self.action_url(order.charge),
            order,
            operation,
            detail,
            method: method.cloned(),
            return_url: asked.and_then(|(_, return_url)| return_url.cloned()),
            terms: self.terms,
            fees: self.fees,
            now: self.clock.now(),
        };
        match self.db.write(ReadCommitted, delivery, delivery::deliver).await.map_err(no_answer)? {
            Response::Answer(recorded) => Ok(recorded),
            Response::SlowAnswer(recorded) => {
                tokio::time::sleep(self.slow).await;
                Ok(recorded)
            }
            Response::AnswerLost => Err(NoAnswer("the response was lost".into())),
            Response::RequestLost => Err(NoAnswer("the request was lost".into())),
        }
    }
}

/// Writes what the customer decides, unless something was decided before; returns what holds.
async fn decide(
    tx: &Tx,
    &(charge, approve, now): &(PaymentId, bool, Timestamp),
) -> Result<Decided, Error> {
    let row = book::charge::lock(tx, charge).await?.ok_or(Error::ActionNotFound)?;
    let decided = |approved| Decided { charge, approved, return_url: row.return_url.clone() };
    if let Some(approved) = row.decision() {
        return Ok(decided(approved));
    }
    let is_over = row.expire_time.is_some_and(|time| time <= now);
    if row.state != charge::ChargeState::WaitsForAction || is_over {
        return Err(Error::ActionClosed);
    }
    book::charge::set_decision(tx, charge, approve).await?;
    Ok(decided(approve))
}

/// Takes an operation back, unless it was before.
async fn reverse(tx: &Tx, &(key, now): &(AttemptId, Timestamp)) -> Result<(), Error> {
    let operation = book::operation::row(tx, key).await?.ok_or(Error::OperationNotFound)?;
    if operation.answer != book::operation::AnswerKind::Approved {
        return Err(Error::OperationNotFound);
    }
    let id = operation.payment_id;
    let charge = book::charge::lock(tx, id).await?.ok_or(Error::OperationNotFound)?;
    if !book::reversal::insert(tx, id, key, now).await? {
        return Ok(());
    }
    let mut line = charge.line();
    if !line.reverse(operation.operation, operation.amount_minor) {
        return Err(Error::NotReversible);
    }
    book::charge::set_amounts(tx, id, &line).await
}

/// Returns the simulator's own id of a charge.
fn reference(charge: PaymentId) -> String {
    let id = AttemptId::of_step(charge.as_uuid(), "charge at the simulator").to_string();
    id.replacen(AttemptId::PREFIX, "charge", 1)
}

/// The simulator's own database failed; its caller knows nothing of it.
fn no_answer(error: Error) -> NoAnswer {
    NoAnswer(error.to_string())
}

/// Deletes the records of scripts that have served their time. Charges are never deleted, and the
/// book has no events.
pub async fn purge(book: Db, clock: Clock, drain: Drain) -> Result<(), Error> {
    while drain.pause(book.purge_interval()).await {
        book.purge(clock.now()).await?;
    }
    Ok(())
}

#[tonic::async_trait]
impl Provider for Simulator {
    fn name(&self) -> &'static str {
        NAME
    }

    fn knows(&self, method: &Method) -> bool {
        Token::of(method).is_some()
    }

    async fn authorize(
        &self,
        order: Order,
        method: &Method,
        return_url: Option<&ReturnUrl>,
    ) -> Result<Reply, NoAnswer> {
        let asked = Some((method, return_url));
        let detail = charge::Detail::default();
        let recorded = self.deliver(order, Operation::Authorize, detail, asked).await?;
        Ok(self.reply(recorded, Some(method)))
    }

    async fn decision(&self, charge: PaymentId) -> Result<Option<bool>, NoAnswer> {
        let row = book::charge::find(&self.db.read(), charge).await.map_err(no_answer)?;
        Ok(row.and_then(|row| row.decision()))
    }

    async fn complete_action(&self, order: Order) -> Result<Reply, NoAnswer> {
        let charge = order.charge;
        let detail = charge::Detail::default();
        let recorded = self.deliver(order, Operation::CompleteAction, detail, None).await?;
        Ok(self.reply(recorded, self.method_of(charge).await?.as_ref()))
    }

    async fn expire_action(&self, order: Order) -> Result<Reply, NoAnswer> {
        let charge = order.charge;
        let detail = charge::Detail { is_over: true, ..Default::default() };
        let recorded = self.deliver(order, Operation::CompleteAction, detail, None).await?;
        Ok(self.reply(recorded, self.method_of(charge).await?.as_ref()))
    }

    async fn capture(&self, order: Order, is_last: bool) -> Result<Reply, NoAnswer> {
        let detail = charge::Detail { is_last, ..Default::default() };
        Ok(self.deliver(order, Operation::Capture, detail, None).await?.answer.into())
    }

    async fn void(&self, order: Order) -> Result<Reply, NoAnswer> {
        let detail = charge::Detail::default();
        Ok(self.deliver(order, Operation::Void, detail, None).await?.answer.into())
    }

    async fn refund(&self, order: Order) -> Result<Reply, NoAnswer> {
        let detail = charge::Detail::default();
        Ok(self.deliver(order, Operation::Refund, detail, None).await?.answer.into())
    }

    async fn inquire(&self, key: AttemptId) -> Result<Option<Reply>, NoAnswer> {
        let operation = book::operation::row(&self.db.read(), key).await.map_err(no_answer)?;
        let Some(operation) = operation else { return Ok(None) };
        let charge = operation.payment_id;
        let kind = operation.operation;
        let recorded = Recorded::from(operation);
        Ok(Some(match kind {
            Operation::Authorize | Operation::CompleteAction => {
                self.reply(recorded, self.method_of(charge).await?.as_ref())
            }
            _ => recorded.answer.into(),
        }))
    }

    async fn reversals(&self, charge: PaymentId) -> Result<Vec<AttemptId>, NoAnswer> {
        book::reversal::of(&self.db.read(), charge).await.map_err(no_answer)
    }

    fn event(
        &self,
        body: &[u8],
        headers: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Option<PaymentId>, NotSigned> {
        webhook::read(body, headers, self.webhook_secret.as_bytes(), now)
    }

    async fn statement(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Result<Vec<Charge>, NoAnswer> {
        book::charge::list(&self.db.read(), after, limit as i64).await.map_err(no_answer)
    }

    async fn charge(&self, payment: PaymentId) -> Result<Option<Charge>, NoAnswer> {
        let row = book::charge::find(&self.db.read(), payment).await.map_err(no_answer)?;
        row.map(Charge::try_from).transpose().map_err(no_answer)
    }
}
