//! CancelOrder: takes an order back before its goods have left.

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
    request: Request<pb::CancelOrderRequest>,
) -> Result<pb::CancelOrderResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let id = convert::order_id(&request.into_inner().order_id)?;
    rpc.visible_order(&caller, id).await?;

    let place = rpc.sagas.place().await;
    let order = match rpc.start(id, Start::Cancel, deadline).await? {
        Started::Saga(order, saga) => {
            let milestone = rpc.sagas.start(place, saga, *order);
            let (order, is_over) = rpc.reached(id, milestone, deadline).await?;
            if is_over && order.state == State::Paid {
                return Err(Error::RefundDeclined { order: id, refund: order.cancel_refund_id() });
            }
            order
        }
        // The saga that places the order takes it back itself.
        Started::Order(order) => {
            drop(place);
            rpc.settled(*order, deadline, |order| matches!(order.state, State::Canceled | State::Rejected)).await?
        }
    };
    Ok(pb::CancelOrderResponse { order: Some((&order).into()) })
}
