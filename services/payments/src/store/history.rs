//! Payments with their whole history: what the audit reads, in one snapshot.

use souk_data::Reader;
use souk_types::PaymentId;

use super::{attempt, payment, refund};
use crate::attempt::Attempt;
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::Refund;

/// A payment with all its attempts and refunds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub payment: Payment,
    pub attempts: Vec<Attempt>,
    pub refunds: Vec<Refund>,
}

/// Returns the payments after this id, with their attempts and refunds.
pub async fn list(
    snapshot: &Reader,
    after: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<History>, Error> {
    let payments = payment::list_by_id(snapshot, after, limit).await?;
    with_parts(snapshot, payments).await
}

/// Returns one payment with its attempts and refunds; none when the id is not known.
pub async fn find(snapshot: &Reader, id: PaymentId) -> Result<Option<History>, Error> {
    let payments = payment::find(snapshot, id).await?.into_iter().collect();
    Ok(with_parts(snapshot, payments).await?.pop())
}

/// Adds to payments, which follow one another by id without a gap, their attempts and refunds.
async fn with_parts(snapshot: &Reader, payments: Vec<Payment>) -> Result<Vec<History>, Error> {
    let (Some(first), Some(last)) = (payments.first(), payments.last()) else { return Ok(vec![]) };
    let mut attempts = attempt::between(snapshot, first.id, last.id).await?.into_iter().peekable();
    let mut refunds = refund::between(snapshot, first.id, last.id).await?.into_iter().peekable();
    let mut histories = Vec::with_capacity(payments.len());
    for payment in payments {
        let mut history = History { attempts: vec![], refunds: vec![], payment };
        while let Some(attempt) = attempts.next_if(|attempt| attempt.payment == history.payment.id)
        {
            history.attempts.push(attempt);
        }
        while let Some(refund) = refunds.next_if(|refund| refund.payment == history.payment.id) {
            history.refunds.push(refund);
        }
        histories.push(history);
    }
    Ok(histories)
}
