//! CaptureOrder: captures the payment of an order that was placed without.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CaptureOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};
use crate::state::State;

impl Handle<CaptureOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CaptureOrderRequest>,
    ) -> Result<pb::CaptureOrderResponse, Error> {
        let deadline = call.deadline;
        let id = call.request.order_id()?;

        let permit = self.sagas.permit().await;
        let operation = Operation::Capture { actor: Actor::of(&call.caller) };
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                // The saga of a placed order reports after its first attempt.
                let (order, _) = self.reached(id, milestone, deadline).await?;
                self.wait_until(order, deadline, |order| !order.is_capturable()).await?
            }
            StartOutcome::Order(order) => *order,
        };
        if order.axes.state == State::Canceled {
            // Its payment could not be captured.
            return Err(order.not_now());
        }
        Ok(pb::CaptureOrderResponse { order: Some((&order).into()) })
    }
}
