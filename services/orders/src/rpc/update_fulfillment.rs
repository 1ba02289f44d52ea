//! UpdateFulfillment: says how the customer finds a parcel.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::UpdateFulfillment;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::convert;
use crate::error::Error;
use crate::start::Operation;
use crate::store;

impl Handle<UpdateFulfillment> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::UpdateFulfillmentRequest>,
    ) -> Result<pb::UpdateFulfillmentResponse, Error> {
        let deadline = call.deadline;
        convert::tracking_mask(call.request.update_mask)?;
        let asked = call.request.fulfillment.unwrap_or_default();
        let id = convert::fulfillment_id(&asked)?;
        let (order, _) = store::fulfillment::show(&self.db.read(), id).await?;

        let operation = Operation::Track {
            id,
            etag: asked.etag,
            tracking: convert::tracking(asked.tracking),
            actor: Actor::of(&call.caller),
        };
        self.start(order, operation, deadline).await?;
        self.watchers.wake(order);

        let (_, fulfillment) = store::fulfillment::show(&self.db.read(), id).await?;
        let fulfillment = Some(convert::fulfillment(order, &fulfillment));
        Ok(pb::UpdateFulfillmentResponse { fulfillment })
    }
}
