//! The last write of an operation, and the ones that leave it for later. Each fails if the claim
//! was taken over.

use souk_data::Tx;
use souk_types::Timestamp;

use super::claim::ClaimId;
use crate::attempt::{Attempt, Decline, Kind, Stage};
use crate::capture::Capture;
use crate::error::Error;
use crate::events;
use crate::payment::Payment;
use crate::refund::RefundState;
use crate::store;
use crate::store::payment::Slot;

/// The end of an attempt: its outcome, and that of its payment.
pub struct End {
    pub payment: Payment,
    pub attempt: Attempt,
    /// The payment while the attempt was in flight.
    pub before: Payment,
    /// The epoch of the claim that ends.
    pub epoch: i64,
    pub now: Timestamp,
}

/// An attempt that has no end yet.
pub struct Rest {
    pub attempt: Attempt,
    /// The epoch of the claim that ends.
    pub epoch: i64,
    /// When the recovery takes it up, unless a call does so first.
    pub due_time: Timestamp,
}

/// Writes the end of an attempt: the payment, the attempt, the refund if it is one, the event. The
/// slot is free again.
pub async fn record(tx: &Tx, end: &End) -> Result<Payment, Error> {
    let End { payment, attempt, before, epoch, now } = end;
    let payment = Payment { update_time: *now, ..payment.clone() };
    // The next claim of the payment raises the epoch.
    store::payment::update(tx, before, &payment, *epoch, Slot::free(*epoch)).await?;
    store::attempt::update(tx, attempt).await?;
    if let Some(number) = attempt.reverses {
        record_reversal(tx, end, &payment, number).await?;
    } else if let Some(refund) = attempt.refund {
        let state = match attempt.stage {
            Stage::Succeeded => RefundState::Succeeded,
            _ => RefundState::Failed,
        };
        let refund = store::refund::end(tx, refund, state, attempt.decline.as_ref()).await?;
        let actor = &attempt.actor;
        events::append_refunded(tx, &payment, &refund, RefundState::Pending, actor, *now).await?;
    } else if attempt.kind != Kind::Capture || attempt.stage == Stage::Succeeded {
        let capture = Capture::of(&payment, attempt);
        events::append_changed(
            tx,
            &payment,
            Some(before.state),
            capture.as_ref(),
            &attempt.actor,
            *now,
        )
        .await?;
    }
    Ok(payment)
}

/// Writes that what an earlier attempt did was taken back.
async fn record_reversal(tx: &Tx, end: &End, payment: &Payment, number: i64) -> Result<(), Error> {
    let reversed = Attempt {
        stage: Stage::Reversed,
        decline: Some(Decline::reversed()),
        ..store::attempt::get(tx, payment.id, number).await?
    };
    store::attempt::update(tx, &reversed).await?;
    match reversed.refund {
        Some(refund) => {
            let decline = reversed.decline.as_ref();
            let refund = store::refund::end(tx, refund, RefundState::Failed, decline).await?;
            let actor = &end.attempt.actor;
            events::append_refunded(tx, payment, &refund, RefundState::Succeeded, actor, end.now)
                .await
        }
        None => {
            let capture = Capture::of(payment, &reversed);
            events::append_changed(
                tx,
                payment,
                Some(end.before.state),
                capture.as_ref(),
                &end.attempt.actor,
                end.now,
            )
            .await
        }
    }
}

/// Leaves an attempt without an end.
pub async fn leave(tx: &Tx, Rest { attempt, epoch, due_time }: &Rest) -> Result<(), Error> {
    if !store::payment::leave(tx, attempt.payment, *epoch, *due_time).await? {
        return Err(Error::LeaseLost(attempt.payment));
    }
    store::attempt::update(tx, attempt).await
}

/// Gives a claim back whose holder is gone; nothing happens when it has ended or was overtaken.
pub async fn free_claim(tx: &Tx, &(claim, now): &(ClaimId, Timestamp)) -> Result<(), Error> {
    store::payment::leave(tx, claim.payment, claim.epoch, now).await?;
    Ok(())
}

/// Gives all claims back.
pub async fn free_all_claims(tx: &Tx, now: &Timestamp) -> Result<(), Error> {
    store::payment::leave_all(tx, *now).await
}
