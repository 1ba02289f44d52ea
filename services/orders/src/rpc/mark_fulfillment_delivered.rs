//! MarkFulfillmentDelivered: records that goods have arrived.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::MarkFulfillmentDelivered;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::convert;
use crate::error::Error;
use crate::start::Operation;
use crate::store;

impl Handle<MarkFulfillmentDelivered> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::MarkFulfillmentDeliveredRequest>,
    ) -> Result<pb::MarkFulfillmentDeliveredResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let id = call.request.fulfillment_id()?;
        let effective_time = convert::effective_time(call.request.effective_time, now)?;
        let (order, _) = store::fulfillment::show(&self.db.read(), id).await?;

        let actor = Actor::of(&call.caller);
        let operation = Operation::Deliver { id, effective_time, actor };
        self.start(order, operation, deadline).await?;
        self.watchers.wake(order);

        let (_, fulfillment) = store::fulfillment::show(&self.db.read(), id).await?;
        let fulfillment = Some(convert::fulfillment(order, &fulfillment));
        Ok(pb::MarkFulfillmentDeliveredResponse { fulfillment })
    }
}
