//! Starting an operation on an order that has none in progress: a cancellation, a fulfilment, a
//! refund.

use souk_data::Tx;
use souk_types::{OrderId, RefundId, Timestamp};

use crate::change::Change;
use crate::error::{EffectiveTimeFault, Error};
use crate::order::{Order, RefundRequest};
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::saga::{Lease, Progress, Saga};
use crate::state::State;
use crate::step::Kind;
use crate::store::saga::Due;
use crate::{record, store};

/// An operation on an order.
#[derive(Clone, Debug)]
pub enum Operation {
    Cancel,
    Fulfill { effective_time: Option<Timestamp> },
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
        Operation::Cancel => cancel(tx, start, saga, order).await,
        Operation::Fulfill { effective_time } => {
            fulfill(tx, start, saga, order, *effective_time).await
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
            let has_left =
                order.state == State::Refunded && store::history::has_left(tx, order.id).await?;
            let refund = order.plan_refund(*id, refund, has_left, start.now)?;
            let saga = saga.restart(Kind::Refund, refund.effective_time, start.give_up_time);
            let mut order = order;
            order.refunds.push(refund);
            store::refund::insert_last(tx, &order, request).await?;
            begin(tx, start, Saga { refund: Some(*id), ..saga }, order).await
        }
    }
}

async fn cancel(tx: &Tx, start: &Start, saga: Saga, order: Order) -> Result<StartOutcome, Error> {
    match order.state {
        State::Canceled | State::Rejected => return Ok(StartOutcome::Order(Box::new(order))),
        State::Fulfilled | State::Refunded => {
            return Err(Error::State { order: order.id, state: order.state });
        }
        _ => {}
    }
    if is_busy(&saga) {
        // The saga that places it, or that cancels it already, sees to it.
        if !matches!(saga.kind, Kind::Place | Kind::Cancel) {
            return Err(Error::Busy(order.id));
        }
        store::saga::request_cancel(tx, order.id).await?;
        return Ok(StartOutcome::Order(Box::new(order)));
    }
    let saga = saga.restart(Kind::Cancel, start.now, start.give_up_time);
    begin(tx, start, Saga { taking_back: Some(Reason::OrderCanceled), ..saga }, order).await
}

async fn fulfill(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    order: Order,
    effective_time: Option<Timestamp>,
) -> Result<StartOutcome, Error> {
    if effective_time.is_some_and(|time| time < order.effective_time) {
        return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
    }
    match order.state {
        State::Fulfilled => return Ok(StartOutcome::Order(Box::new(order))),
        _ if is_busy(&saga) => return Err(Error::Busy(order.id)),
        State::Paid => {}
        state => return Err(Error::State { order: order.id, state }),
    }
    let saga = saga.restart(Kind::Fulfill, effective_time.unwrap_or(start.now), start.give_up_time);
    begin(tx, start, saga, order).await
}

async fn begin(
    tx: &Tx,
    start: &Start,
    saga: Saga,
    mut order: Order,
) -> Result<StartOutcome, Error> {
    store::saga::restart(tx, &saga, None, Due::leased(&start.lease, start.now)).await?;
    record::change(tx, &mut order, &Change::Started(saga.kind), start.now).await?;
    Ok(StartOutcome::Saga(Box::new(order), saga))
}

fn is_busy(saga: &Saga) -> bool {
    saga.progress != Progress::Ended
}
