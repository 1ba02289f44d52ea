//! Following what happens to the money and the stock of orders: what the bus says was done behind
//! an order's back. Almost all of it the orders did themselves.

use souk_chassis::Host;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::ReservationChanged;
use souk_client::orders::v1::{OrderChangeCause, RefundReason};
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::{PaymentChanged, PaymentRefunded};
use souk_data::{Db, Tx};
use souk_events::{Delivery, HandlerError, Subscription};
use souk_types::{CaptureId, Clock, Money, OrderId, PaymentId, RefundId, ReservationId, Timestamp};

use crate::actor::Actor;
use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::{Order, Refund, RefundRequest, RefundScope, RefundState};
use crate::part::Cancellation;
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::reversal::ReversedCapture;
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
    payment: PaymentId,
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
    let of_payments = clock.clone();
    let of_stock = clock.clone();
    Subscription::new(host, db, clock.clone(), SUBSCRIPTION)
        .from_the_beginning()
        .on("souk.payments.v1.PaymentRefunded", move |tx, event| {
            payment_refunded(tx, event, clock.now())
        })
        .on_some("souk.payments.v1.PaymentChanged", is_loss, move |tx, event| {
            payment_changed(tx, event, of_payments.now())
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
            move |tx, event| reservation_changed(tx, event, of_stock.now()),
        )
}

/// Returns whether a payment lost what it had: a capture was taken back, or what is authorized was
/// released and not captured.
fn is_loss(changed: &PaymentChanged) -> bool {
    use payments::PaymentState::{Canceled, Succeeded};
    match (&changed.capture, &changed.payment) {
        (Some(capture), _) => capture.state() == payments::PaymentCaptureState::Reversed,
        (None, Some(payment)) => matches!(payment.state(), Canceled | Succeeded),
        (None, None) => false,
    }
}

/// What the provider took back is missing in the order, and an order without the authorization that
/// it waits to capture is canceled.
async fn payment_changed(
    tx: Tx,
    event: Delivery<PaymentChanged>,
    now: Timestamp,
) -> Result<(), HandlerError> {
    let payment = event.message.payment.unwrap_or_default();
    // A payment without an order is none of ours.
    let Ok(order) = payment.order_id.parse::<OrderId>() else { return Ok(()) };
    let Ok(id) = payment.payment_id.parse::<PaymentId>() else {
        return Err(HandlerError::Poison("the event names no payment".to_owned()));
    };
    let Some(capture) = event.message.capture else {
        let reaction = lose_authorization(&tx, order, id, now).await.map_err(handler_error)?;
        return report(order, "authorization", reaction);
    };
    let amount = capture.amount.and_then(|amount| Money::try_from(amount).ok());
    let (Ok(capture), Some(amount)) = (capture.capture_id.parse::<CaptureId>(), amount) else {
        return Err(HandlerError::Poison("the event names no capture of an amount".to_owned()));
    };
    let reversed = ReversedCapture { payment: id, id: capture, minor: amount.minor };
    let reaction = lose_capture(&tx, order, &reversed, amount, now).await.map_err(handler_error)?;
    report(order, "capture", reaction)
}

/// A refund that this service did not ask for becomes one of the order's, and one whose money the
/// provider returned to the shop did not pay anything back.
async fn payment_refunded(
    tx: Tx,
    event: Delivery<PaymentRefunded>,
    now: Timestamp,
) -> Result<(), HandlerError> {
    let payment = event.message.payment.unwrap_or_default();
    let refund = event.message.refund.unwrap_or_default();
    let succeeded = i32::from(payments::PaymentRefundState::Succeeded);
    // A payment without an order is none of ours.
    let Ok(order) = payment.order_id.parse::<OrderId>() else { return Ok(()) };
    let has_failed_later = match (refund.state(), event.message.previous_state) {
        (payments::PaymentRefundState::Succeeded, _) => false,
        (payments::PaymentRefundState::Failed, before) if before == succeeded => true,
        _ => return Ok(()),
    };
    let amount = refund.amount.clone().and_then(|amount| Money::try_from(amount).ok());
    let (Ok(id), Ok(payment), Some(amount)) =
        (refund.refund_id.parse(), payment.payment_id.parse(), amount)
    else {
        return Err(HandlerError::Poison("the event names no refund of an amount".to_owned()));
    };
    let effective_time = refund.effective_time.and_then(|time| Timestamp::try_from(time).ok());
    let foreign = ForeignRefund { id, payment, amount, effective_time };
    if has_failed_later {
        let reaction = lose_refund(&tx, order, &foreign, now).await.map_err(handler_error)?;
        return report(order, "reversed refund", reaction);
    }
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
    let is_own = order.refund_at_payment(foreign.id, foreign.payment).is_some();
    if is_own || is_of_cancellation(tx, &order, foreign).await? {
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
        // Of several payments it is that one which paid back.
        payment: order.is_split().then_some(foreign.payment),
        effective_time: Some(effective_time),
    };
    let can_pay_back = order.can_pay_back(foreign.amount.minor, wanted.payment);
    let Ok(refund) = order.plan_refund(foreign.id, &wanted, now) else {
        return Ok(Reaction::CannotFollow);
    };
    if !can_pay_back {
        return Ok(Reaction::CannotFollow);
    }
    order.refunds.push(refund);
    store::refund::insert_last(tx, &order, &RequestKey::of_payments(foreign.id)).await?;

    let saga = saga.restart(Kind::Refund, actor, effective_time, now);
    let saga = Saga { refund: Some(foreign.id), ..saga };
    // The next sweep takes it up.
    store::saga::restart(tx, &saga, None, Due::free(now)).await?;
    let change = Change::Started(Kind::Refund);
    let cause = saga.cause_of(&change, &order);
    record::change(tx, &mut order, &change, &cause, now).await?;
    Ok(Reaction::Follows)
}

/// Returns whether a refund is that of a cancellation of an order.
async fn is_of_cancellation(
    tx: &Tx,
    order: &Order,
    foreign: &ForeignRefund,
) -> Result<bool, Error> {
    if order.is_split() {
        let Some(share) = order.share_of(foreign.payment) else { return Ok(false) };
        let mut made = store::cancellation::refund_ids(tx, order.id).await?;
        made.push(order.cancel_refund_id());
        return Ok(made.into_iter().any(|id| order.refund_part_id(id, &share) == foreign.id));
    }
    Ok(foreign.id == order.cancel_refund_id()
        || store::cancellation::has_refund(tx, order.id, foreign.id).await?)
}

/// Takes what the provider took back off what was captured, once for each capture.
async fn lose_capture(
    tx: &Tx,
    id: OrderId,
    reversed: &ReversedCapture,
    amount: Money,
    now: Timestamp,
) -> Result<Reaction, Error> {
    let Some(saga) = store::saga::lock(tx, id).await? else { return Ok(Reaction::Known) };
    if store::reversed_capture::is_known(tx, reversed.id).await? {
        return Ok(Reaction::Known);
    }
    if saga.progress != Progress::Ended {
        return Ok(Reaction::Busy);
    }
    let mut order = store::order::get(tx, id).await?;
    let is_other = order.currency != amount.currency;
    if is_other || order.clone().reverse_capture(reversed).is_err() {
        return Ok(Reaction::CannotFollow);
    }
    record::change(tx, &mut order, &Change::PaymentReversed(*reversed), &of_payments(), now)
        .await?;
    Ok(Reaction::Follows)
}

/// Has a refund that succeeded and failed later count as failed, or what one of several payments
/// paid back of it. That of a cancellation becomes one of the order's first, so that it is seen
/// what its customer did not get.
async fn lose_refund(
    tx: &Tx,
    id: OrderId,
    foreign: &ForeignRefund,
    now: Timestamp,
) -> Result<Reaction, Error> {
    let Some(saga) = store::saga::lock(tx, id).await? else { return Ok(Reaction::Known) };
    let mut order = store::order::get(tx, id).await?;
    if order.has_lost_refund(foreign.id, foreign.payment) {
        return Ok(Reaction::Known);
    }
    let known = order.refund_at_payment(foreign.id, foreign.payment).cloned();
    // The order never knew of one that was made elsewhere and could not be followed.
    if known.is_none() && !is_of_cancellation(tx, &order, foreign).await? {
        return Ok(Reaction::Known);
    }
    if saga.progress != Progress::Ended {
        return Ok(Reaction::Busy);
    }
    if foreign.amount.currency != order.currency {
        return Ok(Reaction::CannotFollow);
    }
    let is_of_order = known.is_some();
    let refund = known.unwrap_or_else(|| refund_of_cancellation(&order, foreign, now));
    if !is_of_order && order.own_cancel_refund(refund.clone()).is_err() {
        return Ok(Reaction::CannotFollow);
    }
    let reversed = order.reversed_refund(&refund, foreign.payment, foreign.amount.minor);
    let Some(change) = reversed.map(Change::RefundReversed) else {
        return Ok(Reaction::CannotFollow);
    };
    if change.apply(&mut order.clone()).is_err() {
        return Ok(Reaction::CannotFollow);
    }
    if !is_of_order {
        store::refund::insert_last(tx, &order, &RequestKey::of_payments(foreign.id)).await?;
    }
    record::change(tx, &mut order, &change, &of_payments(), now).await?;
    Ok(Reaction::Follows)
}

/// Returns what a cancellation paid back as a refund of its order.
fn refund_of_cancellation(order: &Order, foreign: &ForeignRefund, now: Timestamp) -> Refund {
    Refund {
        id: foreign.id,
        state: RefundState::Succeeded,
        amount: foreign.amount,
        lines: vec![],
        reason: RefundReason::Other as i64,
        note: "What CancelOrder paid back.".to_owned(),
        actor: Actor::service("payments"),
        payment: order.is_split().then_some(foreign.payment),
        create_time: now,
        effective_time: foreign.effective_time.unwrap_or(now).max(order.effective_time),
    }
}

/// Cancels what is open of an order that waits for a capture which cannot come any more, as a
/// capture that is refused does.
async fn lose_authorization(
    tx: &Tx,
    id: OrderId,
    payment: PaymentId,
    now: Timestamp,
) -> Result<Reaction, Error> {
    let Some(saga) = store::saga::lock(tx, id).await? else { return Ok(Reaction::Known) };
    let mut order = store::order::get(tx, id).await?;
    let takes_back = saga.taking_back.is_some();
    match order.axes.state {
        // One that is being placed finds out, or did it itself, unless it has gone past that.
        State::Pending if takes_back || saga.step != Step::Commit => return Ok(Reaction::Known),
        State::Pending => return Ok(Reaction::Busy),
        State::Placed if order.axes.payment.is_authorized() => {}
        // All that it waited for was captured, or nothing is captured any more.
        _ => return Ok(Reaction::Known),
    }
    if saga.progress != Progress::Ended {
        let cancels_all = takes_back && saga.kind != Kind::CancelLines;
        let is_own = cancels_all && matches!(saga.step, Step::Void | Step::Release);
        return Ok(if is_own { Reaction::Known } else { Reaction::Busy });
    }
    match order.share_of(payment) {
        // All of it was captured.
        Some(share) if order.is_split() && share.left() == 0 => return Ok(Reaction::Known),
        Some(_) => {}
        None => return Ok(Reaction::CannotFollow),
    }
    let cancellation =
        Cancellation { actor: Actor::service("payments"), ..Cancellation::default() };
    let saga = saga.cancel(&order, Reason::PaymentCanceled, cancellation, now, now);
    // The next sweep takes it up.
    store::saga::restart(tx, &saga, None, Due::free(now)).await?;
    let change = Change::Started(Kind::Cancel);
    let cause = saga.cause_of(&change, &order);
    record::change(tx, &mut order, &change, &cause, now).await?;
    Ok(Reaction::Follows)
}

/// Returns the cause of a change that follows what the provider did.
fn of_payments() -> Cause {
    Cause::new(OrderChangeCause::PaymentChanged, Actor::service("payments"))
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
