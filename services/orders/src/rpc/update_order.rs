//! UpdateOrder: changes what an order says besides its lines and its money.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::UpdateOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::convert;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};

impl Handle<UpdateOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::UpdateOrderRequest>,
    ) -> Result<pb::UpdateOrderResponse, Error> {
        let deadline = call.deadline;
        let asked = call.request.order.unwrap_or_default();
        let id = convert::updated_order_id(&asked)?;
        let etag = asked.etag.clone();
        let update = convert::order_update(&call.caller, asked, call.request.update_mask)?;
        self.visible_order(&call.caller, id).await?;

        let actor = Actor::of(&call.caller);
        let operation = Operation::Update { etag, update: Box::new(update), actor };
        let (StartOutcome::Order(order) | StartOutcome::Saga(order, _)) =
            self.start(id, operation, deadline).await?;
        self.watchers.wake(id);

        Ok(pb::UpdateOrderResponse { order: Some(order.as_ref().into()) })
    }
}
