//! Starting an operation on an order that has none in progress: a cancellation, a fulfilment, a
//! refund.

use souk_data::Tx;
use souk_types::{OrderId, RefundId, Timestamp};

use crate::actor::Actor;
use crate::change::Change;
use crate::error::{EffectiveTimeFault, Error};
use crate::order::{Order, RefundRequest};
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::saga::{Cancellation, Lease, Progress, Saga};
use crate::state::{CaptureMethod, State};
use crate::step::{Kind, Step};
use crate::store::saga::Due;
use crate::{record, store};

/// An operation on an order.
#[derive(Clone, Debug)]
pub enum Operation {
    Cancel(Cancellation),
    Capture { actor: Actor },
    Fulfill { actor: Actor, effective_time: Option<Timestamp> },
    Refund { id: RefundId, refund: RefundRequest, request: RequestKey },
}

/// An operation that is to start, and who will drive its saga.
pub struct Start {
    pub order: OrderId,
    pub operation: Operation,
    pub lease: Lease,
    pub give_up_time: Timestamp,
    pub now: Timestamp,
}

/// What a start leads to.
pub enum StartOutcome {
    /// The saga is in progress, leased to its starter.
    Saga(Box<Order>, Saga),
    /// There is nothing to do, or others do it already; the order as it is.
    Order(Box<Order>),
}

/// Starts an operation on an order, or finds that it was done, or says why it cannot be.
pub async fn start(tx: &Tx, start: &Start) -> Result<StartOutcome, Error> {
    let saga = store::saga::lock(tx, start.order).await?.ok_or(Error::NotFound(start.order))?;
    let order = store::order::get(tx, start.order).await?;
    match &start.operation {
        Operation::Cancel(cancellation) => cancel(tx, start, saga, order, cancellation).await,
        Operation::Capture { actor } => capture(tx, start, saga, order, actor).await,
        Operation::Fulfill { actor, effective_time } => {
            fulfill(tx, start, saga, order, actor, *effective_time).await
        }
        Operation::Refund { id, refund, request } => {
            if let Some(earlier) = store::refund::order_of_request(tx, request).await? {
                if earlier != order.id {
                    return Err(Error::RequestIdReused("refund"));
                }
                return Ok(StartOutcome::Order(Box::new(order)));
            }
            if is_busy(&saga) {
                return Err(Error::Busy(order.id));
            }
            let refund = order.plan_refund(*id, refund, start.now)?;
            let actor = refund.actor.clone();
            let saga = saga.restart(Kind::Refund, actor, refund.effective_time, start.give_up_time);
            let mut order = order;
            order.refunds.push(refund);
            store::refund::insert_last(tx, &order, request).await?;
            begin(tx, start, Saga { refund: Some(*id), ..saga }, order).await
        }
    }
}

async fn cancel(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    cancellation: &Cancellation,
) -> Result<StartOutcome, Error> {
    match order.axes.state {
        State::Canceled | State::Rejected => return Ok(StartOutcome::Order(Box::new(order))),
        State::Completed => return Err(order.not_now()),
        State::Pending | State::Placed => {}
    }
    if is_busy(&saga) {
        // The saga that places it, or that cancels it already, sees to it.
        if !matches!(saga.kind, Kind::Place | Kind::Cancel) {
            return Err(Error::Busy(order.id));
        }
        if !saga.cancel_requested && saga.kind == Kind::Place {
            store::saga::request_cancel(tx, order.id, cancellation, start.now).await?;
        }
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    let cancellation = cancellation.clone();
    let reason = Reason::OrderCanceled;
    let saga = saga.cancel(&order, reason, cancellation, start.now, start.give_up_time);
    begin(tx, start, saga, order).await
}

/// Goes on with the saga that placed the order, which left its payment authorised.
async fn capture(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    actor: &Actor,
) -> Result<StartOutcome, Error> {
    if order.axes.payment.is_captured() {
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    if is_busy(&saga) && order.axes.state == State::Placed {
        return Err(Error::Busy(order.id));
    }
    if !order.is_capturable() {
        return Err(order.not_now());
    }
    let saga = saga.restart(Kind::Place, actor.clone(), start.now, start.give_up_time);
    let saga = Saga { step: Step::Capture, ..saga };
    store::saga::restart(tx, &saga, None, Due::leased(&start.lease, start.now)).await?;
    Ok(StartOutcome::Saga(Box::new(order), saga))
}

async fn fulfill(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    actor: &Actor,
    effective_time: Option<Timestamp>,
) -> Result<StartOutcome, Error> {
    if effective_time.is_some_and(|time| time < order.effective_time) {
        return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
    }
    if order.axes.fulfillment.has_left() {
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    if is_busy(&saga) {
        return Err(Error::Busy(order.id));
    }
    let captures_first = order.is_capturable() && order.capture == CaptureMethod::OnFulfillment;
    let is_paid = order.axes.payment.is_captured();
    if !order.is_waiting_to_leave() || !(is_paid || captures_first) {
        return Err(order.not_now());
    }
    let effective_time = effective_time.unwrap_or(start.now);
    let saga = saga.restart(Kind::Fulfill, actor.clone(), effective_time, start.give_up_time);
    let step = if captures_first { Step::Capture } else { Step::Consume };
    let saga = Saga { step, ..saga };
    begin(tx, start, saga, order).await
}

async fn begin(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    mut order: Order,
) -> Result<StartOutcome, Error> {
    store::saga::restart(tx, &saga, None, Due::leased(&start.lease, start.now)).await?;
    let change = Change::Started(saga.kind);
    let cause = saga.cause_of(&change, &order);
    record::change(tx, &mut order, &change, &cause, start.now).await?;
    Ok(StartOutcome::Saga(Box::new(order), saga))
}

fn is_busy(saga: &Saga) -> bool {
    saga.progress != Progress::Ended
}
