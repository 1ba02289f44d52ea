//! One delivery to the simulator: the write in which an operation takes effect, or does not.

use souk_data::Tx;
use souk_types::Timestamp;

use super::book;
use super::charge::{Detail, Fees};
use super::token::{Operation, Outcome, Token};
use crate::attempt::{Answer, Method};
use crate::error::Error;
use crate::provider::Order;

/// An operation on its way.
pub struct Delivery {
    pub order: Order,
    pub operation: Operation,
    pub detail: Detail,
    /// Comes with an authorisation; later operations find it in the book.
    pub method: Option<Method>,
    /// Where the customer decides, if the operation asks for that.
    pub action_url: String,
    pub fees: Fees,
    pub now: Timestamp,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    Answer(Answer),
    SlowAnswer(Answer),
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
    if let Some(answer) = book::operation::answer(tx, order.key).await? {
        return Ok(Response::Answer(answer));
    }
    let mut detail = delivery.detail;
    if *operation == Operation::CompleteAction {
        match charge.decision() {
            Some(decision) => detail.approve = decision,
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
    if outcome == Outcome::Down {
        return Ok(Response::RequestLost);
    }
    if outcome == Outcome::LoseRequest && book::lost_request::insert(tx, order.key).await? {
        return Ok(Response::RequestLost);
    }
    let mut line = charge.line();
    let mut answer = line.take(*operation, order.amount.minor, detail, outcome, delivery.fees);
    if let Answer::ActionRequired { url } = &mut answer {
        url.clone_from(&delivery.action_url);
    }
    let took_effect = matches!(answer, Answer::Approved { .. });
    let operations = charge.operations + i64::from(took_effect);
    let asks_again = *operation == Operation::Authorize;
    book::charge::set_line(tx, &charge, &line, method, operations, asks_again).await?;
    book::operation::insert(tx, order, *operation, &answer, *now).await?;
    Ok(match outcome {
        Outcome::LoseAnswer => Response::AnswerLost,
        Outcome::Slow => Response::SlowAnswer(answer),
        _ => Response::Answer(answer),
    })
}
