//! GetOrder: one order, as it is now.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::GetOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;

impl Handle<GetOrder> for OrderRpc {
    async fn handle(&self, call: Call<pb::GetOrderRequest>) -> Result<pb::GetOrderResponse, Error> {
        let id = call.request.order_id()?;
        let order = self.visible_order(&call.caller, id).await?;
        Ok(pb::GetOrderResponse { order: Some((&order).into()) })
    }
}
