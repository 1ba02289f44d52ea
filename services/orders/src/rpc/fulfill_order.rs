//! FulfillOrder: records that the goods of a paid order have left.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::FulfillOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::convert;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};
use crate::state::State;
use crate::store;

impl Handle<FulfillOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::FulfillOrderRequest>,
    ) -> Result<pb::FulfillOrderResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let request = call.request;
        let id = request.order_id()?;
        let effective_time = convert::effective_time(&call.caller, request.effective_time, now)?;

        let permit = self.sagas.permit().await;
        let operation = Operation::Fulfill { actor: Actor::of(&call.caller), effective_time };
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                let (order, is_over) = self.reached(id, milestone, deadline).await?;
                if order.axes.state == State::Canceled {
                    // Its payment could not be captured.
                    return Err(order.not_now());
                }
                if is_over && order.is_waiting_to_leave() {
                    return Err(Error::OutOfStep {
                        order: id,
                        facts: store::order::facts(&self.db.read(), id).await?,
                    });
                }
                order
            }
            StartOutcome::Order(order) => *order,
        };
        Ok(pb::FulfillOrderResponse { order: Some((&order).into()) })
    }
}
