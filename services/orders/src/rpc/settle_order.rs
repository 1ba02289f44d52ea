//! SettleOrder: ends the step that a quarantined order waits for, because STAFF has seen to it by hand.

use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::SettleOrderRequest>,
) -> Result<pb::SettleOrderResponse, Error> {
    let request = request.into_inner();
    let id = convert::order_id(&request.order_id)?;

    let place = rpc.sagas.place().await;
    let (saga, order) = rpc.sagas.settle(id, request.note).await?;

    let answer = pb::SettleOrderResponse { order: Some((&order).into()) };
    rpc.changes.tell(id);
    if let Some(saga) = saga {
        rpc.sagas.start(place, saga, order);
    }
    Ok(answer)
}
