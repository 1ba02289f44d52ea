//! The events of orders: those that its changes publish, put into the outbox by the write that makes the change, and those
//! that it consumes, so that an order follows what happened to its money and its stock behind its back.

use prost::Message;
use souk_chassis::Host;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::ReservationChanged;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::PaymentRefunded;
use souk_data::outbox::{self, NewEvent};
use souk_data::{Db, Tx};
use souk_events::{Consumer, HandlerError, Heard};
use souk_types::{Clock, EventId, Money, OrderId, ReservationId, Timestamp};

use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::saga::Kind;
use crate::store;
use crate::store::follow::{self, Followed, ForeignRefund};

/// The lasting subscription on the bus, and the name of its part of the inbox.
const SUBSCRIPTION: &str = "orders";

/// Puts the event of a change into the outbox; most changes have none.
pub(crate) async fn append(tx: &Tx, order: &Order, change: &str, now: Timestamp) -> Result<(), Error> {
    let whole = || Some(pb::Order::from(order));
    let (kind, payload) = match change {
        "placed" => ("souk.orders.v1.OrderPlaced", pb::OrderPlaced { order: whole() }.encode_to_vec()),
        "rejected" => ("souk.orders.v1.OrderRejected", pb::OrderRejected { order: whole() }.encode_to_vec()),
        "paid" => ("souk.orders.v1.OrderPaid", pb::OrderPaid { order: whole() }.encode_to_vec()),
        "canceled" => {
            let effective_time = store::effective_time(tx, order.id, Kind::Cancel).await?.map(Into::into);
            ("souk.orders.v1.OrderCanceled", pb::OrderCanceled { order: whole(), effective_time }.encode_to_vec())
        }
        "fulfilled" => {
            let effective_time = store::effective_time(tx, order.id, Kind::Fulfill).await?.map(Into::into);
            ("souk.orders.v1.OrderFulfilled", pb::OrderFulfilled { order: whole(), effective_time }.encode_to_vec())
        }
        "refund_succeeded" => {
            let refund = order.refunds.iter().rfind(|refund| refund.state == RefundState::Succeeded);
            let refund = refund.map(pb::Refund::from);
            ("souk.orders.v1.OrderRefunded", pb::OrderRefunded { order: whole(), refund }.encode_to_vec())
        }
        _ => return Ok(()),
    };
    let key = order.id.to_string();
    outbox::append(tx, NewEvent { id: EventId::new(now), kind: kind.to_owned(), key, payload, time: now }).await?;
    Ok(())
}

/// Returns the consumer of what happens to the money and the stock of orders. Almost all of it the orders did themselves.
pub fn consumer(host: &Host, db: Db, clock: Clock) -> Consumer {
    let other = clock.clone();
    Consumer::new(host, db, clock.clone(), SUBSCRIPTION)
        .from_the_beginning()
        .on("souk.payments.v1.PaymentRefunded", move |tx, heard| payment_refunded(tx, heard, clock.now()))
        .on_some(
            "souk.inventory.v1.ReservationChanged",
            |changed: &ReservationChanged| {
                use inventory::ReservationState::{Expired, Released};
                changed.reservation.as_ref().is_some_and(|one| matches!(one.state(), Released | Expired))
            },
            move |tx, heard| reservation_changed(tx, heard, other.now()),
        )
}

/// A refund that this service did not ask for becomes one of the order's.
async fn payment_refunded(tx: Tx, heard: Heard<PaymentRefunded>, now: Timestamp) -> Result<(), HandlerError> {
    let (payment, refund) = (heard.message.payment.unwrap_or_default(), heard.message.refund.unwrap_or_default());
    // A payment without an order is none of ours.
    let Ok(order) = payment.order_id.parse::<OrderId>() else { return Ok(()) };
    if refund.state() != payments::PaymentRefundState::Succeeded {
        return Ok(());
    }
    let amount = refund.amount.clone().and_then(|amount| Money::try_from(amount).ok());
    let (Ok(id), Some(amount)) = (refund.refund_id.parse(), amount) else {
        return Err(HandlerError::Never("the event names no refund of an amount".to_owned()));
    };
    let effective_time = refund.effective_time.and_then(|time| Timestamp::try_from(time).ok());
    let foreign = ForeignRefund { id, amount, effective_time };
    let followed = follow::adopt_refund(&tx, order, foreign, now).await.map_err(handler_error)?;
    report(order, "refund", followed)
}

/// An order whose stock was given up by somebody else waits for STAFF.
async fn reservation_changed(tx: Tx, heard: Heard<ReservationChanged>, now: Timestamp) -> Result<(), HandlerError> {
    let reservation = heard.message.reservation.unwrap_or_default();
    let Ok(id) = reservation.reservation_id.parse::<ReservationId>() else {
        return Err(HandlerError::Never("the event names no reservation".to_owned()));
    };
    let Some(order) = follow::order_of(&tx, id).await.map_err(handler_error)? else { return Ok(()) };
    let followed = follow::lose_stock(&tx, order, now).await.map_err(handler_error)?;
    report(order, "stock", followed)
}

fn report(order: OrderId, what: &'static str, followed: Followed) -> Result<(), HandlerError> {
    match followed {
        Followed::Known => Ok(()),
        Followed::Busy => Err(HandlerError::Later(format!("order {order} is under way"))),
        Followed::Follows | Followed::Cannot => {
            metrics::counter!("souk_orders_out_of_step_total", "what" => what).increment(1);
            let how = if followed == Followed::Follows { "follows" } else { "cannot follow; see the audit" };
            tracing::error!(order.id = %order, "the {what} of order {order} was changed behind its back: it {how}");
            Ok(())
        }
    }
}

fn handler_error(error: Error) -> HandlerError {
    match error {
        Error::Database(error) => HandlerError::Database(error),
        other => HandlerError::Never(other.to_string()),
    }
}
