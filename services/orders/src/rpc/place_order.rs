//! PlaceOrder: turns a request into an order whose stock is held and whose payment is authorised.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::OrderChangeCause;
use souk_client::orders::v1::order_service::PlaceOrder;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;

use super::OrderRpc;
use crate::change::{Cause, Change};
use crate::convert;
use crate::error::Error;
use crate::new_order::NewOrder;
use crate::order::Order;
use crate::saga::{Lease, Saga};
use crate::state::State;
use crate::step::Kind;
use crate::store;
use crate::store::history;
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
        let time_to_pay = self.sagas.time_to_pay();
        let mut new = convert::new_order(&call.caller, call.request, time_to_pay, now)?;

        // The permit first: what cannot be driven now waits outside the database, where it costs
        // nothing.
        let patience = deadline.remaining().saturating_sub(TIME_TO_ANSWER);
        let permit = tokio::time::timeout(patience, self.sagas.permit())
            .await
            .map_err(|_| Error::Overloaded)?;

        new.number = self.numbers.next().await?;

        // The order exists before anything is promised to it: a crash from here on is finished by
        // the saga.
        let give_up_time = now.plus(self.sagas.give_up_after());
        let creation = Creation { new, lease: self.sagas.lease(), give_up_time, now };
        let order = match self.db.write(ReadCommitted, creation, create).await? {
            OrderOfRequest::New(order, saga) => {
                let id = order.id;
                let milestone = self.sagas.start(permit, saga, *order);
                self.reached(id, milestone, deadline).await?.order
            }
            OrderOfRequest::Earlier(order) => {
                drop(permit);
                self.wait_until(*order, deadline, Order::is_settled).await?
            }
        };
        Ok(pb::PlaceOrderResponse { order: Some(self.settled(order).await?) })
    }
}

/// Creates the order and its saga, or finds the order that this request made before.
async fn create(tx: &Tx, creation: &Creation) -> Result<OrderOfRequest, Error> {
    let Creation { new, lease, give_up_time, now } = creation;
    let mut order = new.begin(*now);
    if !order.customer.is_empty() {
        let claims = store::guest_claim::of_customer(tx, &order.customer).await?;
        // What a guest asked for before it signed in was asked for by the customer.
        if let Some(earlier) =
            store::order::of_request_for(tx, &new.request, &claims.guests).await?
        {
            return Ok(OrderOfRequest::Earlier(Box::new(earlier)));
        }
        if let Some(owner) = claims.owner {
            order.customer = owner;
        }
    }
    if !store::order::insert(tx, new, &order).await? {
        let earlier = store::order::of_request(tx, &new.request).await?;
        return Ok(OrderOfRequest::Earlier(Box::new(earlier)));
    }
    if order.is_split() {
        store::order_payment::insert(tx, &order, &new.shares).await?;
    }
    let change = Change::Started(Kind::Place);
    let cause = Cause::new(OrderChangeCause::PlaceOrder, new.actor.clone());
    history::insert(tx, &history::Row::of(&order, None, &change, &cause)).await?;
    let saga = Saga::place(&order, new.actor.clone(), *give_up_time);
    store::saga::insert(tx, &saga, lease, *now).await?;
    Ok(OrderOfRequest::New(Box::new(order), saga))
}

impl OrderRpc {
    /// Answers for an order that was to be placed: with the order, or with why it is not.
    pub(super) async fn settled(&self, order: Order) -> Result<pb::Order, Error> {
        if let Some(decline) = &order.decline {
            return Err(Error::PaymentMethodDeclined {
                order: order.id,
                payment: order.share_in_turn().id,
                decline: decline.clone(),
                expire_time: order.expire_time,
            });
        }
        match order.closure {
            Some(reason) if order.axes.state == State::Rejected => Err(Error::Rejected {
                order: order.id,
                payment: order.share_in_turn().id,
                reason,
                facts: store::order::facts(&self.db.read(), order.id).await?,
            }),
            _ => Ok((&order).into()),
        }
    }
}
