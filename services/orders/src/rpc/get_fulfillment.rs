//! GetFulfillment: goods of an order that leave together, as they are now.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::GetFulfillment;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<GetFulfillment> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::GetFulfillmentRequest>,
    ) -> Result<pb::GetFulfillmentResponse, Error> {
        let id = call.request.fulfillment_id()?;
        let (order, fulfillment) = store::fulfillment::show(&self.db.read(), id).await?;
        match self.visible_order(&call.caller, order).await {
            Err(Error::NotFound(_)) => Err(Error::FulfillmentNotFound(id)),
            Err(other) => Err(other),
            Ok(_) => Ok(pb::GetFulfillmentResponse {
                fulfillment: Some(convert::fulfillment(order, &fulfillment)),
            }),
        }
    }
}
