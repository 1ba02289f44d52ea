//! Following what happens to the money and the stock of orders: what the bus says was done behind
//! an order's back. Almost all of it the orders did themselves.

use souk_chassis::Host;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::ReservationChanged;
use souk_client::orders::v1::{OrderChangeCause, RefundReason};
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::PaymentRefunded;
use souk_data::{Db, Tx};
use souk_events::{Delivery, HandlerError, Subscription};
use souk_types::{Clock, Money, OrderId, RefundId, ReservationId, Timestamp};

use crate::actor::Actor;
use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::{RefundRequest, RefundScope};
use crate::part::Cancellation;
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::saga::{Progress, Saga};
use crate::state::State;
use crate::step::{Kind, Step};
use crate::store::saga::Due;
use crate::{record, store};

/// The lasting subscription on the bus, and the name of its part of the inbox.
const SUBSCRIPTION: &str = "orders";

/// A refund reported by an event of payments.
struct ForeignRefund {
    id: RefundId,
    amount: Money,
    effective_time: Option<Timestamp>,
}

/// What an order makes of an event about what is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    /// It knew, or it is not concerned.
    Known,
    /// It is in progress and may yet find out by itself; ask again later.
    Busy,
    /// It does now what the event asks for.
    Follows,
    /// It cannot follow; an operator must investigate.
    CannotFollow,
}

/// Returns the consumer of what happens to the money and the stock of orders.
pub fn consumer(host: &Host, db: Db, clock: Clock) -> Subscription {
    let other = clock.clone();
    Subscription::new(host, db, clock.clone(), SUBSCRIPTION)
        .from_the_beginning()
        .on("souk.payments.v1.PaymentRefunded", move |tx, event| {
            payment_refunded(tx, event, clock.now())
        })
        .on_some(
            "souk.inventory.v1.ReservationChanged",
            |changed: &ReservationChanged| {
                use inventory::ReservationState::{Expired, Released};
                changed
                    .reservation
                    .as_ref()
                    .is_some_and(|one| matches!(one.state(), Released | Expired))
            },
            move |tx, event| reservation_changed(tx, event, other.now()),
        )
}

/// A refund that this service did not ask for becomes one of the order's.
async fn payment_refunded(
    tx: Tx,
    event: Delivery<PaymentRefunded>,
    now: Timestamp,
) -> Result<(), HandlerError> {
    let payment = event.message.payment.unwrap_or_default();
    let refund = event.message.refund.unwrap_or_default();
    // A payment without an order is none of ours.
    let Ok(order) = payment.order_id.parse::<OrderId>() else { return Ok(()) };
    if refund.state() != payments::PaymentRefundState::Succeeded {
        return Ok(());
    }
    let amount = refund.amount.clone().and_then(|amount| Money::try_from(amount).ok());
    let (Ok(id), Some(amount)) = (refund.refund_id.parse(), amount) else {
        return Err(HandlerError::Poison("the event names no refund of an amount".to_owned()));
    };
    let effective_time = refund.effective_time.and_then(|time| Timestamp::try_from(time).ok());
    let foreign = ForeignRefund { id, amount, effective_time };
    let reaction = adopt_refund(&tx, order, &foreign, now).await.map_err(handler_error)?;
    report(order, "refund", reaction)
}

/// An order whose stock was released outside of the order waits for STAFF.
async fn reservation_changed(
    tx: Tx,
    event: Delivery<ReservationChanged>,
    now: Timestamp,
) -> Result<(), HandlerError> {
    let reservation = event.message.reservation.unwrap_or_default();
    let Ok(id) = reservation.reservation_id.parse::<ReservationId>() else {
        return Err(HandlerError::Poison("the event names no reservation".to_owned()));
    };
    let Some(order) = order_of(&tx, id).await.map_err(handler_error)? else { return Ok(()) };
    let reaction = lose_stock(&tx, order, now).await.map_err(handler_error)?;
    report(order, "stock", reaction)
}

/// Makes a refund that succeeded at payments one of the order's own. Its saga requests the same
/// refund again, for which payments returns the existing one, and continues as if orders had
/// requested it first.
async fn adopt_refund(
    tx: &Tx,
    id: OrderId,
    foreign: &ForeignRefund,
    now: Timestamp,
) -> Result<Reaction, Error> {
    let Some(saga) = store::saga::lock(tx, id).await? else { return Ok(Reaction::Known) };
    let mut order = store::order::get(tx, id).await?;
    let is_of_cancellation = foreign.id == order.cancel_refund_id()
        || store::cancellation::has_refund(tx, id, foreign.id).await?;
    if is_of_cancellation || order.refund(foreign.id).is_some() {
        return Ok(Reaction::Known);
    }
    if saga.progress != Progress::Ended {
        return Ok(Reaction::Busy);
    }
    let effective_time = foreign.effective_time.unwrap_or(now).max(order.effective_time);
    let scope = RefundScope::Amount(foreign.amount);
    let actor = Actor::service("payments");
    let wanted = RefundRequest {
        scope,
        reason: RefundReason::OutsideOfOrder as i64,
        note: String::new(),
        actor: actor.clone(),
        effective_time: Some(effective_time),
    };
    let Ok(refund) = order.plan_refund(foreign.id, &wanted, now) else {
        return Ok(Reaction::CannotFollow);
    };
    order.refunds.push(refund);
    let request = RequestKey { key: format!("service:payments\n{}", foreign.id), hash: vec![] };
    store::refund::insert_last(tx, &order, &request).await?;

    let saga = saga.restart(Kind::Refund, actor, effective_time, now);
    let saga = Saga { refund: Some(foreign.id), ..saga };
    // The next sweep takes it up.
    store::saga::restart(tx, &saga, None, Due::free(now)).await?;
    let change = Change::Started(Kind::Refund);
    let cause = saga.cause_of(&change, &order);
    record::change(tx, &mut order, &change, &cause, now).await?;
    Ok(Reaction::Follows)
}

/// Puts an order whose stock was given up elsewhere into quarantine: resumed, it is cancelled and
/// paid back.
async fn lose_stock(tx: &Tx, id: OrderId, now: Timestamp) -> Result<Reaction, Error> {
    let Some(saga) = store::saga::lock(tx, id).await? else { return Ok(Reaction::Known) };
    let mut order = store::order::get(tx, id).await?;
    let is_own =
        saga.kind.is_cancellation() || saga.step == Step::Release || saga.taking_back.is_some();
    // One that is being placed finds out when it commits; the others need no stock any more.
    if order.axes.state != State::Placed {
        return Ok(Reaction::Known);
    }
    if saga.progress != Progress::Ended {
        return Ok(if is_own { Reaction::Known } else { Reaction::Busy });
    }
    let cancellation =
        Cancellation { actor: Actor::service("inventory"), ..Cancellation::default() };
    let saga = saga.cancel(&order, Reason::OutOfStock, cancellation, now, now);
    let saga = Saga { progress: Progress::Quarantined, ..saga };
    let failure =
        "its stock was released outside of the order; ResumeSaga cancels it and pays it back";
    store::saga::restart(tx, &saga, Some(failure), Due::free(now)).await?;
    let cause = Cause::new(OrderChangeCause::StockReleased, saga.actor.clone());
    record::change(tx, &mut order, &Change::Quarantined, &cause, now).await?;
    Ok(Reaction::Follows)
}

/// Returns the order that a reservation was derived from, if there is one. Both ids begin with the
/// same 48 bits of time.
async fn order_of(tx: &Tx, reservation: ReservationId) -> Result<Option<OrderId>, Error> {
    let mut first = [0u8; 16];
    let mut last = [0xffu8; 16];
    first[..6].copy_from_slice(&reservation.as_bytes()[..6]);
    last[..6].copy_from_slice(&reservation.as_bytes()[..6]);
    let orders = store::order::ids_between(tx, first, last).await?;
    Ok(orders
        .into_iter()
        .find(|id| ReservationId::of_step(id.as_uuid(), "reservation") == reservation))
}

fn report(order: OrderId, what: &'static str, reaction: Reaction) -> Result<(), HandlerError> {
    match reaction {
        Reaction::Known => Ok(()),
        Reaction::Busy => Err(HandlerError::Retry(format!("order {order} is in progress"))),
        Reaction::Follows | Reaction::CannotFollow => {
            metrics::counter!("souk_orders_out_of_step_total", "what" => what).increment(1);
            let how = if reaction == Reaction::Follows {
                "follows"
            } else {
                "cannot be followed; see the audit"
            };
            tracing::error!(order.id = %order, "the {what} of order {order} was changed outside of the order: it {how}");
            Ok(())
        }
    }
}

fn handler_error(error: Error) -> HandlerError {
    match error {
        Error::Database(error) => HandlerError::Database(error),
        other => HandlerError::Poison(other.to_string()),
    }
}
