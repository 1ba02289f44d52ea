//! How a method waits for a saga: until an order is in the requested state, or the deadline is
//! near.

use std::time::Duration;

use souk_chassis::{Caller, Deadline};
use souk_data::Isolation::ReadCommitted;
use souk_types::OrderId;

use crate::drive::{Milestone, Reached};
use crate::error::Error;
use crate::order::Order;
use crate::request_key::RequestKey;
use crate::rpc::OrderRpc;
use crate::start::{Operation, Start, StartOutcome};
use crate::{start, store};

/// What is left of the deadline for answering once waiting is over.
pub(crate) const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// How often an order is polled whose saga may be driven by another replica.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

impl OrderRpc {
    /// Returns the order, if the caller may see it; an order of another customer does not exist for
    /// a USER.
    pub(crate) async fn visible_order(&self, caller: &Caller, id: OrderId) -> Result<Order, Error> {
        let order = store::order::show(&self.db.read(), id).await?;
        match caller {
            Caller::User(user) if order.customer != user.customer.to_string() => {
                Err(Error::NotFound(id))
            }
            _ => Ok(order),
        }
    }

    /// Waits until the saga has brought the order where the caller wants it, or the deadline is
    /// near. Returns the order as it is then, and why the operation was refused, if it was.
    pub(crate) async fn reached(
        &self,
        id: OrderId,
        milestone: Milestone,
        deadline: Deadline,
    ) -> Result<Reached, Error> {
        let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
        match tokio::time::timeout(patience, milestone).await {
            Ok(Ok(reached)) => Ok(reached),
            _ => {
                let order = store::order::show(&self.db.read(), id).await?;
                Ok(Reached { order, refusal: None })
            }
        }
    }

    /// Starts an operation on an order; while another one is in progress it waits for its end, as
    /// far as the deadline goes.
    pub(crate) async fn start(
        &self,
        order: OrderId,
        operation: Operation,
        deadline: Deadline,
    ) -> Result<StartOutcome, Error> {
        let watcher = self.watchers.watch(order);
        loop {
            let changed = watcher.changed();
            let now = self.clock.now();
            let start = Start {
                order,
                operation: operation.clone(),
                lease: self.sagas.lease(),
                give_up_time: now.plus(self.sagas.give_up_after()),
                now,
            };
            let started = self.db.write(ReadCommitted, start, start::start).await;
            let patience = POLL_INTERVAL.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
            match started {
                Err(Error::Busy(_)) if !patience.is_zero() && !self.drain.is_draining() => {
                    let _ = tokio::time::timeout(patience, changed).await;
                }
                ended => return ended,
            }
        }
    }

    /// Waits until the cancellation of a request is over, or the deadline is near; returns the
    /// order as it is then.
    pub(crate) async fn wait_for_cancellation(
        &self,
        order: &Order,
        request: &RequestKey,
        deadline: Deadline,
    ) -> Result<Order, Error> {
        let watcher = self.watchers.watch(order.id);
        loop {
            let changed = watcher.changed();
            let is_pending = store::cancellation::is_pending(&self.db.read(), request).await?;
            let patience = POLL_INTERVAL.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
            if !is_pending || patience.is_zero() || self.drain.is_draining() {
                return store::order::show(&self.db.read(), order.id).await;
            }
            let _ = tokio::time::timeout(patience, changed).await;
        }
    }

    /// Waits until the order is as `wanted`, whichever replica drives it, or the deadline is near;
    /// returns it as it is then.
    pub(crate) async fn wait_until(
        &self,
        order: Order,
        deadline: Deadline,
        wanted: impl Fn(&Order) -> bool,
    ) -> Result<Order, Error> {
        let watcher = self.watchers.watch(order.id);
        let mut order = order;
        while !wanted(&order) && deadline.remaining() > TIME_TO_ANSWER && !self.drain.is_draining()
        {
            let patience = POLL_INTERVAL.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
            let _ = tokio::time::timeout(patience, watcher.changed()).await;
            order = store::order::show(&self.db.read(), order.id).await?;
        }
        Ok(order)
    }
}
