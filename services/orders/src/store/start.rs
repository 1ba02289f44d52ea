//! Starting an operation on an order that has none under way: a cancellation, a fulfilment, a refund.

use std::time::Duration;

use souk_data::{Tx, args};
use souk_types::{OrderId, RefundId, Timestamp};

use super::orders::{self, RequestKey};
use super::sagas::{ENDED, Lease, Saga, locked_saga};
use super::{Store, read};
use crate::error::{EffectiveTimeFault, Error};
use crate::order::{Order, RefundWish};
use crate::reason::Reason;
use crate::saga::Kind;
use crate::state::State;

/// An operation to start on an order that has none under way.
#[derive(Clone, Debug)]
pub enum Start {
    Cancel,
    Fulfill { effective_time: Option<Timestamp> },
    Refund { id: RefundId, wish: RefundWish, request: RequestKey },
}

/// What became of a start.
pub enum Started {
    /// It is under way, leased to whoever started it.
    Saga(Box<Order>, Saga),
    /// There is nothing to do, or others do it already; the order as it stands.
    Order(Box<Order>),
}

impl Store {
    /// Starts an operation on an order, or finds that it was done, or says why it cannot be.
    pub async fn start(
        &self,
        order: OrderId,
        start: Start,
        lease: Lease,
        give_up_after: Duration,
        now: Timestamp,
    ) -> Result<Started, Error> {
        self.db
            .write_locked(move |tx| {
                let (start, lease) = (start.clone(), lease.clone());
                async move {
                    let saga = locked_saga(&tx, order).await?;
                    let found = read::order(&tx, order).await?;
                    begin(&tx, found, saga, start, lease, now.plus(give_up_after), now).await
                }
            })
            .await
    }
}

async fn begin(
    tx: &Tx,
    mut order: Order,
    saga: Option<(i64, Saga)>,
    start: Start,
    lease: Lease,
    give_up_time: Timestamp,
    now: Timestamp,
) -> Result<Started, Error> {
    let (state, saga) = saga.ok_or(Error::NotFound(order.id))?;
    let is_busy = state != ENDED;
    let (kind, refund, effective_time) = match start {
        Start::Cancel => match order.state {
            State::Canceled | State::Rejected => return Ok(Started::Order(Box::new(order))),
            State::Fulfilled | State::Refunded => return Err(Error::State { order: order.id, state: order.state }),
            // The saga that places it, or that cancels it already, sees to it.
            _ if is_busy && matches!(saga.kind, Kind::Place | Kind::Cancel) => {
                tx.execute("UPDATE sagas SET cancel_requested = 1 WHERE order_id = $1", args![order.id]).await?;
                return Ok(Started::Order(Box::new(order)));
            }
            _ if is_busy => return Err(Error::Busy(order.id)),
            _ => (Kind::Cancel, None, now),
        },
        Start::Fulfill { effective_time: Some(time) } if time < order.effective_time => {
            return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
        }
        Start::Fulfill { effective_time } => match order.state {
            State::Fulfilled => return Ok(Started::Order(Box::new(order))),
            _ if is_busy => return Err(Error::Busy(order.id)),
            State::Paid => (Kind::Fulfill, None, effective_time.unwrap_or(now)),
            state => return Err(Error::State { order: order.id, state }),
        },
        Start::Refund { id, wish, request } => {
            if let Some(before) = read::refund_by_request(tx, &request).await? {
                return match before == order.id {
                    true => Ok(Started::Order(Box::new(order))),
                    false => Err(Error::RequestIdReused("refund")),
                };
            }
            if is_busy {
                return Err(Error::Busy(order.id));
            }
            let has_left = order.state == State::Refunded && read::has_left(tx, order.id).await?;
            let refund = order.plan_refund(id, &wish, has_left, now)?;
            let effective_time = refund.effective_time;
            order.refunds.push(refund);
            let refund = order.refunds.last().expect("it was just pushed");
            orders::insert_refund(tx, &order, refund, &request).await?;
            (Kind::Refund, Some(id), effective_time)
        }
    };
    let saga = Saga {
        kind,
        step: kind.first(),
        attempts: 0,
        taking_back: (kind == Kind::Cancel).then_some(Reason::OrderCanceled),
        refund,
        effective_time,
        give_up_time,
        cancel_requested: false,
        epoch: saga.epoch + 1,
        ..saga
    };
    restart(tx, &saga, Some(&lease), now).await?;
    orders::put(tx, &mut order, orders::started(kind), now).await?;
    Ok(Started::Saga(Box::new(order), saga))
}

/// Puts a new operation into the row of the order's saga. Without a lease the next sweep takes it up.
pub(super) async fn restart(tx: &Tx, saga: &Saga, lease: Option<&Lease>, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE sagas SET kind = $1, state = 1, step = $2, attempts = 0, taking_back = $3, refund_id = $4, failure = NULL,
             effective_time = $5, give_up_time = $6, cancel_requested = 0, due_time = $7, lease_owner = $8, lease_epoch = $9
         WHERE order_id = $10",
        args![
            saga.kind as i64,
            saga.step as i64,
            saga.taking_back.map(|reason| reason.name()),
            saga.refund,
            saga.effective_time,
            saga.give_up_time,
            lease.map_or(now, |lease| now.plus(lease.length)),
            lease.map(|lease| &*lease.owner),
            saga.epoch,
            saga.order
        ],
    )
    .await?;
    Ok(())
}
