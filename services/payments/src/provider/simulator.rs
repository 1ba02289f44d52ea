//! The simulator: a provider that does what its test tokens and scripts say, and keeps a book as a
//! real one would.
//!
//! Deterministic: the outcome of an operation depends only on its token, the scripts and the book.
//! The tokens are listed at SimulatorService in the contract.

pub mod book;
pub mod charge;
mod delivery;
mod token;

use std::time::Duration;

use souk_chassis::Drain;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Tx};
use souk_types::{AttemptId, Clock, PaymentId};

use super::{Charge, NoAnswer, Order, Provider};
use crate::attempt::{Answer, Method};
use crate::config::SimulatorConfig;
use crate::error::Error;

pub use book::SCHEMA;
pub use token::{Operation, Outcome, Target};

use delivery::{Delivery, Response};
use token::Token;

/// The part of an action url before the secret. `.invalid` leads nowhere (RFC 2606): the simulator
/// has no page.
const ACTION_URL: &str = "https://simulator.invalid/actions/";

/// What the secret part of an action url is bound to.
const ACTION_SCOPE: [&str; 1] = ["simulator action"];

/// The simulated provider. Cloning is cheap.
#[derive(Clone)]
pub struct Simulator {
    /// The book.
    pub db: Db,
    fees: charge::Fees,
    clock: Clock,
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
        Simulator { db, fees, clock, slow }
    }

    /// Decides as a customer does at this action url; the first decision holds. Returns the payment
    /// and what holds.
    ///
    /// # Errors
    /// When the URL was not given out by this simulator, or its charge waits for nothing any more.
    pub async fn decide(
        &self,
        action_url: &str,
        approve: bool,
    ) -> Result<(PaymentId, bool), Error> {
        let charge = self.charge_behind(action_url).ok_or(Error::ActionNotFound)?;
        let approved = self.db.write(ReadCommitted, (charge, approve), decide).await?;
        Ok((charge, approved))
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

    /// Delivers an operation: it takes effect or not, and its response arrives or not.
    async fn deliver(
        &self,
        order: Order,
        operation: Operation,
        detail: charge::Detail,
        method: Option<&Method>,
    ) -> Result<Answer, NoAnswer> {
        if method.is_some_and(|method| !self.knows(method)) {
            return Err(NoAnswer("the method is not a known token".into()));
        }
        let delivery = Delivery {
            action_url: self.action_url(order.charge),
            order,
            operation,
            detail,
            method: method.cloned(),
            fees: self.fees,
            now: self.clock.now(),
        };
        match self.db.write(ReadCommitted, delivery, delivery::deliver).await.map_err(no_answer)? {
            Response::Answer(answer) => Ok(answer),
            Response::SlowAnswer(answer) => {
                tokio::time::sleep(self.slow).await;
                Ok(answer)
            }
            Response::AnswerLost => Err(NoAnswer("the response was lost".into())),
            Response::RequestLost => Err(NoAnswer("the request was lost".into())),
        }
    }
}

/// Writes what the customer decides, unless something was decided before; returns what holds.
async fn decide(tx: &Tx, &(charge, approve): &(PaymentId, bool)) -> Result<bool, Error> {
    let row = book::charge::lock(tx, charge).await?.ok_or(Error::ActionNotFound)?;
    if let Some(decided) = row.decision() {
        return Ok(decided);
    }
    if row.state != charge::ChargeState::WaitsForAction {
        return Err(Error::ActionExpired(charge));
    }
    book::charge::set_decision(tx, charge, approve).await?;
    Ok(approve)
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
    fn knows(&self, method: &Method) -> bool {
        Token::of(method).is_some()
    }

    async fn authorize(&self, order: Order, method: &Method) -> Result<Answer, NoAnswer> {
        self.deliver(order, Operation::Authorize, charge::Detail::default(), Some(method)).await
    }

    async fn decision(&self, charge: PaymentId) -> Result<Option<bool>, NoAnswer> {
        let row = book::charge::find(&self.db.read(), charge).await.map_err(no_answer)?;
        Ok(row.and_then(|row| row.decision()))
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
        book::operation::answer(&self.db.read(), key).await.map_err(no_answer)
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
