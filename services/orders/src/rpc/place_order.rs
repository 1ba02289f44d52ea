//! PlaceOrder: turns a wish into an order whose stock is held and whose payment is authorised.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::PlaceOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::Order;
use crate::state::State;
use crate::store::Created;
use crate::waiting::TIME_TO_ANSWER;

impl Handle<PlaceOrder> for OrderRpc {
    async fn handle(&self, call: Call<pb::PlaceOrderRequest>) -> Result<pb::PlaceOrderResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let new = convert::new_order(&call.caller, call.request, now)?;

        // Room first: what cannot be driven now waits outside the database, where it costs nothing.
        let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
        let place = tokio::time::timeout(patience, self.sagas.place()).await.map_err(|_| Error::Overloaded)?;

        // The order exists before anything is promised to it: a crash from here on is finished by the saga.
        let order = match self.store.create(new, self.sagas.lease(), self.sagas.give_up_after(), now).await? {
            Created::New(order, saga) => {
                let id = order.id;
                let milestone = self.sagas.start(place, saga, *order);
                self.reached(id, milestone, deadline).await?.0
            }
            Created::Before(order) => {
                drop(place);
                self.settled(*order, deadline, |order| order.state != State::Pending).await?
            }
        };
        answer(self, order).await
    }
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
