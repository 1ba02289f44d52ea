//! PlaceOrder: turns a request into an order whose stock is held and whose payment is authorised.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::PlaceOrder;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;

use super::OrderRpc;
use crate::change::Change;
use crate::convert;
use crate::error::Error;
use crate::new_order::NewOrder;
use crate::order::Order;
use crate::saga::{Lease, Saga};
use crate::state::State;
use crate::step::Kind;
use crate::store;
use crate::waiting::TIME_TO_ANSWER;

/// An order that is to be created, and who will drive its saga.
struct Creation {
    new: NewOrder,
    lease: Lease,
    give_up_time: Timestamp,
    now: Timestamp,
}

/// The order of a request, which made it now or before.
enum OrderOfRequest {
    /// It is new, and its saga is leased to the caller that created it.
    New(Box<Order>, Saga),
    Earlier(Box<Order>),
}

impl Handle<PlaceOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::PlaceOrderRequest>,
    ) -> Result<pb::PlaceOrderResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let new = convert::new_order(&call.caller, call.request, now)?;

        // The permit first: what cannot be driven now waits outside the database, where it costs
        // nothing.
        let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
        let permit = tokio::time::timeout(patience, self.sagas.permit())
            .await
            .map_err(|_| Error::Overloaded)?;

        // The order exists before anything is promised to it: a crash from here on is finished by
        // the saga.
        let give_up_time = now.plus(self.sagas.give_up_after());
        let creation = Creation { new, lease: self.sagas.lease(), give_up_time, now };
        let order = match self.db.write(ReadCommitted, creation, create).await? {
            OrderOfRequest::New(order, saga) => {
                let id = order.id;
                let milestone = self.sagas.start(permit, saga, *order);
                self.reached(id, milestone, deadline).await?.0
            }
            OrderOfRequest::Earlier(order) => {
                drop(permit);
                self.wait_until(*order, deadline, |order| order.state != State::Pending).await?
            }
        };
        answer(self, order).await
    }
}

/// Creates the order and its saga, or finds the order that this request made before.
async fn create(tx: &Tx, creation: &Creation) -> Result<OrderOfRequest, Error> {
    let Creation { new, lease, give_up_time, now } = creation;
    let order = new.begin(*now);
    if !store::order::insert(tx, new, &order).await? {
        let earlier = store::order::of_request(tx, &new.request).await?;
        return Ok(OrderOfRequest::Earlier(Box::new(earlier)));
    }
    store::history::insert(tx, &order, &Change::Started(Kind::Place)).await?;
    let saga = Saga::place(&order, *give_up_time);
    store::saga::insert(tx, &saga, lease, *now).await?;
    Ok(OrderOfRequest::New(Box::new(order), saga))
}

async fn answer(rpc: &OrderRpc, order: Order) -> Result<pb::PlaceOrderResponse, Error> {
    match order.reason {
        Some(reason) if order.state == State::Rejected => Err(Error::Rejected {
            order: order.id,
            payment: order.payment_id(),
            reason,
            facts: store::order::facts(&rpc.db.read(), order.id).await?,
        }),
        _ => Ok(pb::PlaceOrderResponse { order: Some((&order).into()) }),
    }
}
