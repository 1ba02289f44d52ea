//! FulfillOrder: records that the goods of a paid order have left.

use souk_chassis::{Caller, Deadline};
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::State;
use crate::store::{Start, Started};

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::FulfillOrderRequest>,
) -> Result<pb::FulfillOrderResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let now = rpc.clock.now();
    let request = request.into_inner();
    let id = convert::order_id(&request.order_id)?;
    let effective_time = convert::effective_time(&caller, request.effective_time, now)?;

    let place = rpc.sagas.place().await;
    let start = Start::Fulfill { effective_time };
    let order = match rpc.start(id, start, deadline).await? {
        Started::Saga(order, saga) => {
            let milestone = rpc.sagas.start(place, saga, *order);
            let (order, is_over) = rpc.reached(id, milestone, deadline).await?;
            if is_over && order.state == State::Paid {
                return Err(Error::OutOfStep { order: id, facts: rpc.store.facts(id).await? });
            }
            order
        }
        Started::Order(order) => *order,
    };
    Ok(pb::FulfillOrderResponse { order: Some((&order).into()) })
}
