//! One delivery to the simulator: the write in which an operation takes effect, or does not.

use std::time::Duration;

use souk_data::Tx;
use souk_types::Timestamp;

use super::book;
use super::book::charge::Change;
use super::book::operation::Recorded;
use super::charge::{Detail, Fees};
use super::token::{Operation, Outcome, Token};
use crate::attempt::{Answer, Method, ReturnUrl};
use crate::error::Error;
use crate::provider::Order;

/// An operation on its way.
pub struct Delivery {
    pub order: Order,
    pub operation: Operation,
    pub detail: Detail,
    /// Comes with an authorisation; later operations find it in the book.
    pub method: Option<Method>,
    /// Where the customer decides, if the operation asks for that, and goes to afterwards.
    pub action_url: String,
    pub return_url: Option<ReturnUrl>,
    pub terms: Terms,
    pub fees: Fees,
    pub now: Timestamp,
}

/// How long the simulator waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// For a customer's decision.
    pub action: Duration,
    /// For the capture of what is authorised.
    pub authorization: Duration,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    Answer(Recorded),
    SlowAnswer(Recorded),
    /// It took effect, and the caller does not learn of it.
    AnswerLost,
    /// It did not take effect.
    RequestLost,
}

/// Delivers an operation, once per key.
pub async fn deliver(tx: &Tx, delivery: &Delivery) -> Result<Response, Error> {
    let Delivery { order, operation, now, .. } = delivery;
    // The row of the charge comes first and is locked: everything about one charge happens one
    // after another.
    let currency = order.amount.currency;
    book::charge::insert_missing(tx, order.charge, currency, delivery.method.as_ref(), *now)
        .await?;
    let charge = book::charge::lock(tx, order.charge).await?;
    let charge =
        charge.ok_or_else(|| Error::inconsistent("a charge was neither inserted nor found"))?;
    if let Some(recorded) = book::operation::find(tx, order.key).await? {
        return Ok(Response::Answer(recorded));
    }
    let mut detail = delivery.detail;
    if *operation == Operation::CompleteAction {
        match charge.decision() {
            Some(decision) => detail.approve = decision,
            None if detail.is_over => {}
            // A provider without the customer's decision has nothing to report.
            None => return Ok(Response::RequestLost),
        }
    }
    let method = delivery.method.as_ref().or(charge.method.as_ref());
    let outcome = match book::script::take(tx, order.charge, method, *operation).await? {
        Some(outcome) => outcome,
        None => {
            method.and_then(Token::of).map_or(Outcome::Approve, |token| token.outcome(*operation))
        }
    };
    let is_too_late = charge.expire_time.is_some_and(|time| time <= *now);
    let outcome = match operation {
        Operation::Capture if is_too_late => Outcome::Decline,
        _ => outcome,
    };
    if outcome == Outcome::Down {
        return Ok(Response::RequestLost);
    }
    if outcome == Outcome::LoseRequest && book::lost_request::insert(tx, order.key).await? {
        return Ok(Response::RequestLost);
    }
    let mut line = charge.line();
    let mut answer = line.take(*operation, order.amount.minor, detail, outcome, delivery.fees);
    if let Answer::ActionRequired { url, expire_time } = &mut answer {
        url.clone_from(&delivery.action_url);
        *expire_time = now.plus(delivery.terms.action);
    }
    let expire_time = match (&answer, operation) {
        (Answer::ActionRequired { expire_time, .. }, _) => Some(*expire_time),
        (Answer::Approved { .. }, Operation::Authorize | Operation::CompleteAction) => {
            Some(now.plus(delivery.terms.authorization))
        }
        _ => None,
    };
    let took_effect = matches!(answer, Answer::Approved { .. });
    let operations = charge.operations + i64::from(took_effect);
    let asks_again = *operation == Operation::Authorize;
    let change = Change { line, method: method.cloned(), operations, asks_again, expire_time };
    let return_url = delivery.return_url.clone();
    book::charge::set_line(tx, &charge, change, return_url).await?;
    let recorded = Recorded { charge: order.charge, answer, expire_time };
    book::operation::insert(tx, order, *operation, &recorded, *now).await?;
    Ok(match outcome {
        Outcome::LoseAnswer => Response::AnswerLost,
        Outcome::Slow => Response::SlowAnswer(recorded),
        _ => Response::Answer(recorded),
    })
}
