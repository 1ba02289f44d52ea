//! The events of payments, put into the outbox by the write that makes the change.

use souk_client::payments::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{Money, Timestamp};

use crate::attempt::Attempt;
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::{Refund, RefundState};

/// Adds the event that a payment came to rest.
pub async fn append_changed(tx: &Tx, payment: &Payment, now: Timestamp) -> Result<(), Error> {
    let event = pb::PaymentChanged { payment: Some(payment.into()) };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}

/// Adds the event that a refund came to an end.
pub async fn append_refunded(
    tx: &Tx,
    payment: &Payment,
    attempt: &Attempt,
    state: RefundState,
    now: Timestamp,
) -> Result<(), Error> {
    let refund = attempt.refund.map(|id| Refund {
        id,
        payment: payment.id,
        amount: Money::new(payment.amount.currency, attempt.amount),
        state,
        attempt: attempt.number,
        create_time: attempt.create_time,
        effective_time: attempt.effective_time,
    });
    let event = pb::PaymentRefunded {
        payment: Some(payment.into()),
        refund: refund.as_ref().map(Into::into),
    };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}
