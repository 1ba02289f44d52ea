//! Writing an entry of the journal, with everything that it changes, in one transaction.

use souk_data::{Tx, args};
use souk_types::Timestamp;

use super::sagas::{After, ENDED, Effect, Lease, QUARANTINED, RUNNING, Record, Recorded, Saga};
use super::{orders, read};
use crate::error::Error;
use crate::order::Order;
use crate::reason::Reason;
use crate::saga::Kind;

/// Puts an entry down under the saga's lease, or finds that the lease is lost or a cancellation was asked for.
pub(super) async fn write_entry(
    tx: &Tx,
    saga: Saga,
    mut order: Order,
    record: Record,
    lease: Lease,
    now: Timestamp,
) -> Result<Recorded, Error> {
    let mut after = Saga { entries: saga.entries + 1, attempts: 0, ..saga.clone() };
    after.taking_back = record.taking_back.or(saga.taking_back);
    let leased_until = now.plus(lease.length);
    let (state, due, owner) = match record.next {
        After::Step(step) => {
            after.step = step;
            (RUNNING, leased_until, Some(&*lease.owner))
        }
        After::Again { at, keep_lease } => {
            after.attempts = saga.attempts + 1;
            match keep_lease {
                true => (RUNNING, at.plus(lease.length), Some(&*lease.owner)),
                false => (RUNNING, at, None),
            }
        }
        After::Quarantined => {
            after.attempts = saga.attempts + 1;
            (QUARANTINED, now, None)
        }
        After::Ended => (ENDED, now, None),
        After::Cancel => {
            (after.kind, after.step, after.cancel_requested) = (Kind::Cancel, Kind::Cancel.first(), false);
            after.taking_back = Some(Reason::OrderCanceled);
            (RUNNING, leased_until, Some(&*lease.owner))
        }
    };
    let updated = tx
        .execute(
            "UPDATE sagas SET kind = $1, state = $2, step = $3, attempts = $4, taking_back = $5, failure = $6, due_time = $7,
                 lease_owner = $8, entries = $9, cancel_requested = $10
             WHERE order_id = $11 AND lease_epoch = $12 AND state = 1 AND cancel_requested = $13",
            args![
                after.kind as i64,
                state,
                after.step as i64,
                after.attempts,
                after.taking_back.map(|reason| reason.name()),
                record.failure,
                due,
                owner,
                after.entries,
                after.cancel_requested,
                saga.order,
                saga.epoch,
                saga.cancel_requested
            ],
        )
        .await?;
    if updated == 0 {
        let row = tx
            .query_row(
                "SELECT lease_epoch FROM sagas WHERE order_id = $1 AND lease_epoch = $2 AND state = 1",
                args![saga.order, saga.epoch],
            )
            .await?;
        return row.map(|_| Recorded::CancelRequested).ok_or(Error::LeaseLost);
    }
    append_journal(tx, &Saga { entries: after.entries, ..saga }, record.outcome, now).await?;
    apply(tx, &mut order, record.effect, now).await?;
    Ok(Recorded::Written(after, Box::new(order)))
}

/// Adds what came of a step to the journal.
pub(super) async fn append_journal(tx: &Tx, saga: &Saga, outcome: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO journal (order_id, entry, kind, step, outcome, lease_epoch, entry_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![saga.order, saga.entries, saga.kind as i64, saga.step as i64, outcome, saga.epoch, now],
    )
    .await?;
    Ok(())
}

async fn apply(tx: &Tx, order: &mut Order, effect: Effect, now: Timestamp) -> Result<(), Error> {
    let kind = match effect {
        Effect::Nothing => return Ok(()),
        Effect::Priced(lines) => {
            // A total that overflows was turned into a refusal before it came here.
            order.price(lines).map_err(|_| Error::Unreadable("a total beyond 64 bits"))?;
            orders::insert_lines(tx, order.id, &order.lines).await?;
            "priced"
        }
        Effect::Placed => {
            order.place()?;
            "placed"
        }
        Effect::Paid => {
            order.pay()?;
            "paid"
        }
        Effect::Rejected(reason, facts) => {
            order.reject(reason)?;
            read::keep_facts(tx, order.id, &facts).await?;
            "rejected"
        }
        Effect::Canceled(reason) => {
            order.cancel(reason)?;
            "canceled"
        }
        Effect::Fulfilled => {
            order.fulfill()?;
            "fulfilled"
        }
        Effect::NotFulfilled(facts) => return read::keep_facts(tx, order.id, &facts).await,
        Effect::RefundEnded(id, succeeded) => {
            order.settle_refund(id, succeeded)?;
            orders::settle_refund(tx, order, id).await?;
            let is_of_money = order.refunds.iter().any(|refund| refund.id == id && refund.amount.minor > 0);
            match (succeeded, is_of_money) {
                (true, true) => "refund_succeeded",
                (true, false) => "goods_returned",
                (false, _) => "refund_failed",
            }
        }
        Effect::ActionNeeded(url) => {
            order.action_url = Some(url);
            "action_needed"
        }
        Effect::Quarantined => {
            order.is_quarantined = true;
            "quarantined"
        }
    };
    orders::put(tx, order, kind, now).await
}
