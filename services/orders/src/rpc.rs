//! The RPCs of orders: the index, one line each. The story of a method is in `rpc/<method>.rs`.

mod audit_orders;
mod cancel_order;
mod fulfill_order;
mod get_order;
mod list_order_lines;
mod list_orders;
mod list_quarantined_orders;
mod place_order;
mod refund_order;
mod resume_order;
mod settle_order;
mod watch_order;

use std::time::Duration;

use souk_chassis::{Caller, Deadline, Drain, reply};
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service_server::OrderService;
use souk_types::{Clock, OrderId};
use tonic::{Request, Response, Status};

use crate::changes::Changes;
use crate::drive::{Milestone, Sagas};
use crate::error::Error;
use crate::order::Order;
use crate::store::{Start, Started, Store};

/// What the methods work with.
pub struct OrderRpc {
    pub(crate) store: Store,
    pub(crate) sagas: Sagas,
    pub(crate) changes: Changes,
    pub(crate) clock: Clock,
    pub(crate) drain: Drain,
}

#[tonic::async_trait]
impl OrderService for OrderRpc {
    async fn place_order(
        &self,
        request: Request<pb::PlaceOrderRequest>,
    ) -> Result<Response<pb::PlaceOrderResponse>, Status> {
        reply(place_order::handle(self, request).await)
    }

    async fn get_order(&self, request: Request<pb::GetOrderRequest>) -> Result<Response<pb::GetOrderResponse>, Status> {
        reply(get_order::handle(self, request).await)
    }

    async fn list_orders(
        &self,
        request: Request<pb::ListOrdersRequest>,
    ) -> Result<Response<pb::ListOrdersResponse>, Status> {
        reply(list_orders::handle(self, request).await)
    }

    async fn list_order_lines(
        &self,
        request: Request<pb::ListOrderLinesRequest>,
    ) -> Result<Response<pb::ListOrderLinesResponse>, Status> {
        reply(list_order_lines::handle(self, request).await)
    }

    async fn cancel_order(
        &self,
        request: Request<pb::CancelOrderRequest>,
    ) -> Result<Response<pb::CancelOrderResponse>, Status> {
        reply(cancel_order::handle(self, request).await)
    }

    async fn fulfill_order(
        &self,
        request: Request<pb::FulfillOrderRequest>,
    ) -> Result<Response<pb::FulfillOrderResponse>, Status> {
        reply(fulfill_order::handle(self, request).await)
    }

    async fn refund_order(
        &self,
        request: Request<pb::RefundOrderRequest>,
    ) -> Result<Response<pb::RefundOrderResponse>, Status> {
        reply(refund_order::handle(self, request).await)
    }

    type WatchOrderStream = watch_order::Changes;

    async fn watch_order(
        &self,
        request: Request<pb::WatchOrderRequest>,
    ) -> Result<Response<Self::WatchOrderStream>, Status> {
        reply(watch_order::handle(self, request).await)
    }

    async fn list_quarantined_orders(
        &self,
        request: Request<pb::ListQuarantinedOrdersRequest>,
    ) -> Result<Response<pb::ListQuarantinedOrdersResponse>, Status> {
        reply(list_quarantined_orders::handle(self, request).await)
    }

    async fn resume_order(
        &self,
        request: Request<pb::ResumeOrderRequest>,
    ) -> Result<Response<pb::ResumeOrderResponse>, Status> {
        reply(resume_order::handle(self, request).await)
    }

    async fn settle_order(
        &self,
        request: Request<pb::SettleOrderRequest>,
    ) -> Result<Response<pb::SettleOrderResponse>, Status> {
        reply(settle_order::handle(self, request).await)
    }

    async fn audit_orders(
        &self,
        request: Request<pb::AuditOrdersRequest>,
    ) -> Result<Response<pb::AuditOrdersResponse>, Status> {
        reply(audit_orders::handle(self, request).await)
    }
}

/// What is left of the deadline for answering once waiting is over.
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// How often an order is looked at whose saga may be driven by another replica.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

impl OrderRpc {
    /// Returns the order, if the caller may see it; an order that is somebody else's does not exist for a USER.
    async fn visible_order(&self, caller: &Caller, id: OrderId) -> Result<Order, Error> {
        let order = self.store.order(id).await?;
        match caller {
            Caller::User(user) if order.customer != *user => Err(Error::NotFound(id)),
            _ => Ok(order),
        }
    }

    /// Waits until the saga has brought the order where the caller wants it, or the deadline is near. Returns the order, and
    /// whether it got there.
    async fn reached(&self, id: OrderId, milestone: Milestone, deadline: Deadline) -> Result<(Order, bool), Error> {
        let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
        match tokio::time::timeout(patience, milestone).await {
            Ok(Ok(order)) => Ok((order, true)),
            _ => Ok((self.store.order(id).await?, false)),
        }
    }

    /// Starts an operation on an order; while another one is under way it waits for its end, as far as the deadline goes.
    async fn start(&self, id: OrderId, start: Start, deadline: Deadline) -> Result<Started, Error> {
        let watcher = self.changes.watch(id);
        loop {
            let changed = watcher.changed();
            let give_up_after = self.sagas.give_up_after();
            let started =
                self.store.start(id, start.clone(), self.sagas.lease(), give_up_after, self.clock.now()).await;
            let patience = LOOK_INTERVAL.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
            match started {
                Err(Error::Busy(_)) if !patience.is_zero() && !self.drain.is_draining() => {
                    let _ = tokio::time::timeout(patience, changed).await;
                }
                ended => return ended,
            }
        }
    }

    /// Waits until the order is as `wanted`, whoever drives it, or the deadline is near; answers it as it stands then.
    async fn settled(&self, order: Order, deadline: Deadline, wanted: impl Fn(&Order) -> bool) -> Result<Order, Error> {
        let watcher = self.changes.watch(order.id);
        let mut order = order;
        while !wanted(&order) && deadline.remaining() > TIME_TO_ANSWER && !self.drain.is_draining() {
            let patience = LOOK_INTERVAL.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
            let _ = tokio::time::timeout(patience, watcher.changed()).await;
            order = self.store.order(order.id).await?;
        }
        Ok(order)
    }
}
