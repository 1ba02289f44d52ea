//! Writing what was decided: the saga's row, its entry in the journal, and the change of its order,
//! in one transaction.

use souk_data::Tx;
use souk_types::{OrderId, Timestamp};

use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::Order;
use crate::part::Cancellation;
use crate::saga::{Decision, Lease, Next, Progress, Saga};
use crate::state::State;
use crate::store::saga::Due;
use crate::{events, store};

/// One entry of the journal: what came of the step that a saga is at, and what was decided.
pub struct Entry {
    pub saga: Saga,
    pub order: Order,
    pub outcome: &'static str,
    pub failure: Option<String>,
    pub decision: Decision,
    pub lease: Lease,
    pub now: Timestamp,
}

/// What a write of an entry leads to.
pub enum Record {
    /// It is in the journal; the saga and the order as they are now.
    Written(Saga, Box<Order>),
    /// A cancellation was requested meanwhile; decide again.
    CancelRequested(Cancellation),
}

/// Writes an entry under the saga's lease, or finds that the lease is lost or a cancellation was
/// asked for.
pub async fn decision(tx: &Tx, entry: &Entry) -> Result<Record, Error> {
    let Entry { saga, decision, lease, now, .. } = entry;
    let after = saga.after(decision);
    // The lease outlasts a pause that it is kept for.
    let resume_time = match decision.next {
        Next::Retry(pause) => now.plus(pause),
        _ => *now,
    };
    let due = if decision.next.keeps_lease() {
        Due::leased(lease, resume_time)
    } else {
        Due::free(resume_time)
    };
    if !store::saga::advance(tx, saga, &after, entry.failure.as_deref(), due).await? {
        let leased = store::saga::leased(tx, saga).await?.ok_or(Error::LeaseLost)?;
        return Ok(Record::CancelRequested(leased.cancellation));
    }
    let actor = saga.actor.clone();
    store::journal::insert(tx, saga, after.entries, entry.outcome, actor, *now).await?;

    if let (Some(_), Some(capture)) = (decision.refusal, saga.capture) {
        store::capture::delete(tx, capture, saga.capture_minor).await?;
    }
    let mut order = entry.order.clone();
    store::order::keep_facts(tx, order.id, &decision.facts).await?;
    if let Some(change) = &decision.change {
        let cause = after.cause_of(change, &order);
        self::change(tx, &mut order, change, &cause, *now).await?;
    }
    Ok(Record::Written(after, Box::new(order)))
}

/// Writes a change of an order: its rows, one row of history, and the event, if the change has one.
///
/// **Invariant:** the version grows by exactly one; another write in between is a lost lease.
pub async fn change(
    tx: &Tx,
    order: &mut Order,
    change: &Change,
    cause: &Cause,
    now: Timestamp,
) -> Result<(), Error> {
    let before = order.axes;
    let part = order.cancellation.as_ref().map(|part| part.id);
    let payments = order.payments.clone();
    order.update_time = now;
    change.apply(order)?;
    order.version += 1;

    match change {
        Change::Priced(_) => store::order_line::insert(tx, order.id, &order.lines).await?,
        Change::RefundSucceeded(id) | Change::GoodsReturned(id) | Change::RefundFailed(id) => {
            let refund = order.refund(*id).expect("a refund that ends is one of its order");
            store::refund::end(tx, order.id, refund).await?;
            if before.state == State::Placed && order.axes.state != State::Placed {
                store::order_line::cancel_the_rest(tx, order.id).await?;
            }
        }
        Change::PaymentReversed(reversed) => {
            store::reversed_capture::insert(tx, order.id, reversed, now).await?;
        }
        Change::RefundReversed(reversed) => store::refund::reverse(tx, order, reversed).await?,
        Change::Fulfilled { id, .. } => {
            store::fulfillment::update(tx, order, *id).await?;
            store::order_line::add_fulfillment(tx, order.id, *id).await?;
        }
        Change::FulfillmentTracked(id, _) | Change::FulfillmentDelivered { id, .. } => {
            store::fulfillment::update(tx, order, *id).await?;
        }
        Change::FulfillmentRefused(id) => store::fulfillment::delete(tx, *id).await?,
        Change::LinesCanceled(plan) => {
            store::order_line::add_canceled(tx, order.id, &plan.lines).await?;
            store::cancellation::end(tx, part).await?;
        }
        Change::Canceled { .. } => {
            store::order_line::cancel_the_rest(tx, order.id).await?;
            store::cancellation::end(tx, part).await?;
        }
        Change::CancelRefused => store::cancellation::delete(tx, part).await?,
        Change::Updated(update) => store::order::set_details(tx, order, &update.fields).await?,
        Change::CustomerChanged { to, .. } => store::order::set_customer(tx, order.id, to).await?,
        _ => {}
    }
    if order.is_split() {
        store::order_payment::update(tx, order, &payments).await?;
    }
    if !store::order::update(tx, order, before).await? {
        return Err(Error::LeaseLost);
    }
    let row = store::history::Row::of(order, Some(before), change, cause);
    store::history::insert(tx, &row).await?;
    events::publish(tx, order, change, &row, now).await
}

/// Takes an order out of quarantine: its saga may try its step again. `why` is for the journal, the
/// cause for the history.
pub async fn leave_quarantine(
    tx: &Tx,
    id: OrderId,
    why: &str,
    cause: &Cause,
    lease: &Lease,
    now: Timestamp,
) -> Result<(Saga, Order), Error> {
    let saga = store::saga::lock(tx, id).await?.ok_or(Error::NotFound(id))?;
    if saga.progress != Progress::Quarantined {
        return Err(Error::NotQuarantined(id));
    }
    let epoch = saga.epoch + 1;
    let entries = saga.entries + 1;
    let saga = Saga { progress: Progress::Running, attempts: 0, epoch, entries, ..saga };
    store::saga::resume(tx, &saga, Due::leased(lease, now)).await?;
    store::journal::insert(tx, &saga, entries, why, cause.actor.clone(), now).await?;

    let mut order = store::order::get(tx, id).await?;
    change(tx, &mut order, &Change::Resumed, cause, now).await?;
    Ok((saga, order))
}
