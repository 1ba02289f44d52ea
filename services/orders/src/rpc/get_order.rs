//! GetOrder: one order, as it stands.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(rpc: &OrderRpc, request: Request<pb::GetOrderRequest>) -> Result<pb::GetOrderResponse, Error> {
    let caller = Caller::of(&request);
    let id = convert::order_id(&request.into_inner().order_id)?;
    let order = rpc.visible_order(&caller, id).await?;
    Ok(pb::GetOrderResponse { order: Some((&order).into()) })
}
