//! ResumeOrder: lets a quarantined order try its step again.

use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::ResumeOrderRequest>,
) -> Result<pb::ResumeOrderResponse, Error> {
    let id = convert::order_id(&request.into_inner().order_id)?;

    let place = rpc.sagas.place().await;
    let (saga, order) = rpc.store.resume(id, rpc.sagas.lease(), rpc.clock.now()).await?;

    let answer = pb::ResumeOrderResponse { order: Some((&order).into()) };
    rpc.changes.tell(id);
    rpc.sagas.start(place, saga, order);
    Ok(answer)
}
