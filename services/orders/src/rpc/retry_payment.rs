//! RetryPayment: goes on with an order whose payment method was declined.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::OrderChangeCause;
use souk_client::orders::v1::order_service::RetryPayment;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, Timestamp};

use super::OrderRpc;
use crate::actor::Actor;
use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::Order;
use crate::record;
use crate::saga::{Lease, Progress, Saga};
use crate::state::State;
use crate::step::{Kind, Step};
use crate::store;
use crate::store::saga::Due;

/// Another attempt to pay, and who will drive its saga.
struct Attempt {
    order: OrderId,
    payment_method: String,
    return_url: String,
    actor: Actor,
    lease: Lease,
    give_up_time: Timestamp,
    now: Timestamp,
}

/// What an attempt leads to.
enum Retried {
    /// The saga goes on, leased to the caller.
    Saga(Box<Order>, Saga),
    /// An attempt is in progress, or the order is placed.
    Order(Box<Order>),
}

impl Handle<RetryPayment> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::RetryPaymentRequest>,
    ) -> Result<pb::RetryPaymentResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let request = call.request;
        let id = request.order_id()?;
        self.visible_order(&call.caller, id).await?;

        let permit = self.sagas.permit().await;
        let attempt = Attempt {
            order: id,
            payment_method: request.payment_method,
            return_url: request.return_url,
            actor: Actor::of(&call.caller),
            lease: self.sagas.lease(),
            give_up_time: now.plus(self.sagas.give_up_after()),
            now,
        };
        let order = match self.db.write(ReadCommitted, attempt, retry).await? {
            Retried::Saga(order, saga) => {
                self.watchers.wake(id);
                let milestone = self.sagas.start(permit, saga, *order);
                self.reached(id, milestone, deadline).await?.order
            }
            Retried::Order(order) => {
                drop(permit);
                self.wait_until(*order, deadline, Order::is_settled).await?
            }
        };
        Ok(pb::RetryPaymentResponse { order: Some(self.settled(order).await?) })
    }
}

/// Gives the saga that waits for it another payment method.
async fn retry(tx: &Tx, attempt: &Attempt) -> Result<Retried, Error> {
    let Attempt { order: id, payment_method, return_url, actor, lease, give_up_time, now } =
        attempt;
    let saga = store::saga::lock(tx, *id).await?.ok_or(Error::NotFound(*id))?;
    let mut order = store::order::get(tx, *id).await?;
    match order.axes.state {
        State::Canceled => return Err(order.not_now()),
        State::Placed | State::Completed | State::Rejected => {
            return Ok(Retried::Order(Box::new(order)));
        }
        State::Pending if order.decline.is_none() => return Ok(Retried::Order(Box::new(order))),
        State::Pending => {}
    }
    let is_waiting = saga.kind == Kind::Place
        && saga.step == Step::Authorize
        && saga.progress == Progress::Running
        && !saga.cancel_requested
        && *now < order.expire_time;
    if !is_waiting {
        return Err(order.not_now());
    }
    let saga = Saga {
        attempts: 0,
        epoch: saga.epoch + 1,
        actor: actor.clone(),
        give_up_time: *give_up_time,
        ..saga
    };
    store::saga::restart(tx, &saga, None, Due::leased(lease, *now)).await?;
    let cause = Cause::new(OrderChangeCause::RetryPayment, actor.clone());
    record::change(tx, &mut order, &Change::PaymentRetried, &cause, *now).await?;
    store::order::set_payment_method(tx, &order, payment_method, return_url).await?;
    Ok(Retried::Saga(Box::new(order), saga))
}
