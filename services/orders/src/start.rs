//! Starting an operation on an order that has none in progress: a cancellation, a fulfilment, a
//! capture, a refund; and changes that need no other service.

use souk_client::orders::v1::OrderChangeCause;
use souk_data::Tx;
use souk_types::{CancellationId, CaptureId, FulfillmentId, Money, OrderId, RefundId, Timestamp};

use crate::actor::Actor;
use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::{Order, RefundRequest};
use crate::order_update::OrderUpdate;
use crate::part::{Cancellation, Fulfillment, FulfillmentState, NewFulfillment, Tracking, Units};
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::saga::{self, Lease, Progress, Saga};
use crate::state::State;
use crate::step::{Kind, Step};
use crate::store::saga::Due;
use crate::{record, store};

/// An operation on an order.
#[derive(Clone, Debug)]
pub enum Operation {
    /// All that is open.
    Cancel(Cancellation),
    /// Some units.
    CancelLines {
        id: CancellationId,
        units: Vec<Units>,
        cancellation: Cancellation,
        request: RequestKey,
    },
    /// All that is left, or an amount.
    Capture {
        id: CaptureId,
        actor: Actor,
        amount: Option<(Money, RequestKey)>,
    },
    Fulfill {
        new: NewFulfillment,
        request: RequestKey,
    },
    Refund {
        id: RefundId,
        refund: RefundRequest,
        request: RequestKey,
    },
    Track {
        id: FulfillmentId,
        etag: String,
        tracking: Tracking,
        actor: Actor,
    },
    Deliver {
        id: FulfillmentId,
        effective_time: Option<Timestamp>,
        actor: Actor,
    },
    Update {
        etag: String,
        update: Box<OrderUpdate>,
        actor: Actor,
    },
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
        Operation::CancelLines { id, units, cancellation, request } => {
            if let Some(earlier) = store::cancellation::order_of_request(tx, request).await? {
                return repeated(order, earlier, "cancellation");
            }
            if is_busy(&saga) {
                return Err(Error::Busy(order.id));
            }
            let mut order = order;
            let part = order.plan_lines_cancellation(*id, units, cancellation)?;
            store::cancellation::insert(tx, order.id, &part, request, start.now).await?;
            order.cancellation = Some(part);
            let step = saga::first_of_cancellation(&order.cancel_plan(false));
            let actor = cancellation.actor.clone();
            let saga = saga.restart(Kind::CancelLines, actor, start.now, start.give_up_time);
            let saga = Saga {
                step,
                taking_back: Some(Reason::OrderCanceled),
                cancellation: cancellation.clone(),
                ..saga
            };
            begin(tx, start, saga, order).await
        }
        Operation::Capture { id, actor, amount } => {
            capture(tx, start, saga, order, *id, actor, amount.as_ref()).await
        }
        Operation::Fulfill { new, request } => fulfill(tx, start, saga, order, new, request).await,
        Operation::Track { id, etag, tracking, actor } => {
            let fulfillment = shipped(&order, *id)?;
            if fulfillment.tracking == *tracking {
                return Ok(StartOutcome::Order(Box::new(order)));
            }
            let present = fulfillment.version.to_string();
            if !etag.is_empty() && *etag != present {
                return Err(Error::EtagMismatch(present));
            }
            let change = Change::FulfillmentTracked(*id, tracking.clone());
            let cause = Cause::new(OrderChangeCause::UpdateFulfillment, actor.clone());
            change_at_once(tx, start, &saga, order, &change, &cause).await
        }
        Operation::Deliver { id, effective_time, actor } => {
            let fulfillment = shipped(&order, *id)?;
            if fulfillment.state == FulfillmentState::Delivered {
                return Ok(StartOutcome::Order(Box::new(order)));
            }
            // The clock of another replica may be behind.
            let now = start.now.max(fulfillment.effective_time);
            let effective_time = effective_time.unwrap_or(now);
            let change = Change::FulfillmentDelivered { id: *id, effective_time };
            let cause = Cause::new(OrderChangeCause::MarkFulfillmentDelivered, actor.clone());
            change_at_once(tx, start, &saga, order, &change, &cause).await
        }
        Operation::Update { etag, update, actor } => {
            self::update(tx, start, order, etag, update, actor).await
        }
        Operation::Refund { id, refund, request } => {
            if let Some(earlier) = store::refund::order_of_request(tx, request).await? {
                return repeated(order, earlier, "refund");
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
        // What was open was canceled before.
        State::Completed if order.lines.iter().any(|line| line.canceled > 0) => {
            return Ok(StartOutcome::Order(Box::new(order)));
        }
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

async fn capture(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    id: CaptureId,
    actor: &Actor,
    amount: Option<&(Money, RequestKey)>,
) -> Result<StartOutcome, Error> {
    if let Some((_, request)) = amount
        && let Some(earlier) = store::capture::order_of_request(tx, request).await?
    {
        return repeated(order, earlier, "capture");
    }
    if amount.is_none() && order.axes.payment.is_captured() {
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    if is_busy(&saga) && order.axes.state == State::Placed {
        return Err(Error::Busy(order.id));
    }
    if !order.is_capturable() {
        return Err(order.not_now());
    }
    let saga = saga.restart(Kind::Capture, actor.clone(), start.now, start.give_up_time);
    let saga = Saga { capture: Some(id), ..saga };
    let Some((money, request)) = amount else { return begin(tx, start, saga, order).await };
    let capturable = order.uncaptured();
    order.is_in_currency(*money, "amount")?;
    if money.minor > capturable {
        return Err(Error::CaptureExceedsOrder { order: order.id, capturable });
    }
    store::capture::insert(tx, order.id, id, money.minor, request).await?;
    begin(tx, start, Saga { capture_minor: Some(money.minor), ..saga }, order).await
}

async fn fulfill(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    new: &NewFulfillment,
    request: &RequestKey,
) -> Result<StartOutcome, Error> {
    if let Some((earlier, _)) = store::fulfillment::of_request(tx, request).await? {
        return repeated(order, earlier, "fulfillment");
    }
    if is_busy(&saga) {
        return Err(Error::Busy(order.id));
    }
    let fulfillment = order.plan_fulfillment(new, start.now)?;
    let captures_first = order.capture_before(&fulfillment).is_some();
    let effective_time = fulfillment.effective_time;
    let actor = fulfillment.actor.clone();
    let mut order = order;
    order.fulfillments.push(fulfillment);
    order.fulfillment_count += 1;
    store::fulfillment::insert_last(tx, &order, request).await?;

    let saga = saga.restart(Kind::Fulfill, actor, effective_time, start.give_up_time);
    let step = if captures_first { Step::Capture } else { Step::Consume };
    begin(tx, start, Saga { step, ..saga }, order).await
}

/// Changes what an order says, also while its saga rests: a customer must be able to correct an
/// address while the bank is asked.
async fn update(
    tx: &Tx,
    start: &Start,
    order: Order,
    etag: &str,
    update: &OrderUpdate,
    actor: &Actor,
) -> Result<StartOutcome, Error> {
    let news = order.news_of(update);
    if news.fields.is_empty() {
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    // What is refused anyway does not wait for the end of a step.
    order.can_update(&news.fields)?;
    let present = order.etag();
    if !etag.is_empty() && etag != present {
        return Err(Error::EtagMismatch(present));
    }
    // The driver of a step holds the order.
    if !store::saga::lock_at_rest(tx, order.id, start.now).await? {
        return Err(Error::Busy(order.id));
    }
    let mut order = order;
    let change = Change::Updated(Box::new(news));
    let cause = Cause::new(OrderChangeCause::UpdateOrder, actor.clone());
    record::change(tx, &mut order, &change, &cause, start.now).await?;
    Ok(StartOutcome::Order(Box::new(order)))
}

/// Returns the order of a request that was made before.
fn repeated(order: Order, earlier: OrderId, what: &'static str) -> Result<StartOutcome, Error> {
    if earlier != order.id {
        return Err(Error::RequestIdReused(what));
    }
    Ok(StartOutcome::Order(Box::new(order)))
}

/// Returns a fulfillment of an order whose goods have left.
fn shipped(order: &Order, id: FulfillmentId) -> Result<&Fulfillment, Error> {
    let fulfillment = order.fulfillment(id).ok_or(Error::FulfillmentNotFound(id))?;
    fulfillment.has_left()?;
    Ok(fulfillment)
}

/// Makes a change that needs no other service.
async fn change_at_once(
    tx: &Tx,
    start: &Start,
    saga: &Saga,
    order: Order,
    change: &Change,
    cause: &Cause,
) -> Result<StartOutcome, Error> {
    // The driver of a saga in progress holds the order.
    if is_busy(saga) {
        return Err(Error::Busy(order.id));
    }
    let mut order = order;
    record::change(tx, &mut order, change, cause, start.now).await?;
    Ok(StartOutcome::Order(Box::new(order)))
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
