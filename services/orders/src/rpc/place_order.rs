//! PlaceOrder: turns a wish into an order whose stock is held and whose payment is authorised.

use souk_chassis::{Caller, Deadline};
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::{OrderRpc, TIME_TO_ANSWER};
use crate::convert;
use crate::error::Error;
use crate::order::{Order, State};
use crate::store::Created;

pub async fn handle(rpc: &OrderRpc, request: Request<pb::PlaceOrderRequest>) -> Result<pb::PlaceOrderResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let now = rpc.clock.now();
    let new = convert::new_order(&caller, request.into_inner(), now)?;

    // Room first: what cannot be driven now waits outside the database, where it costs nothing.
    let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
    let place = tokio::time::timeout(patience, rpc.sagas.place()).await.map_err(|_| Error::Overloaded)?;

    // The order exists before anything is promised to it: a crash from here on is finished by the saga.
    let order = match rpc.store.create(new, rpc.sagas.lease(), rpc.sagas.give_up_after(), now).await? {
        Created::New(order, saga) => {
            let id = order.id;
            let milestone = rpc.sagas.start(place, saga, *order);
            rpc.reached(id, milestone, deadline).await?.0
        }
        Created::Before(order) => {
            drop(place);
            rpc.settled(*order, deadline, |order| order.state != State::Pending).await?
        }
    };
    answer(rpc, order).await
}

async fn answer(rpc: &OrderRpc, order: Order) -> Result<pb::PlaceOrderResponse, Error> {
    match order.reason {
        Some(reason) if order.state == State::Rejected => Err(Error::Rejected {
            order: order.id,
            payment: order.payment_id(),
            reason,
            facts: rpc.store.facts(order.id).await?,
        }),
        _ => Ok(pb::PlaceOrderResponse { order: Some((&order).into()) }),
    }
}
