//! What providers take back or let expire, as the bus says: captures, refunds and authorizations.

use std::time::Duration;

use souk_client::events::v1 as bus;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_client::types::v1::{ActorKind, Money};
use souk_data::Engine;
use souk_testkit::{Bus, eventually, on_each_engine, reason_of};
use souk_types::{CaptureId, Clock};
use tonic::Status;

use crate::behind::{beside_a_bus, deliver, event};
use crate::upstreams::*;

pub(crate) fn gbp(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

pub(crate) fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().expect("an amount").minor_units
}

/// Has the provider take back an amount of a capture, and returns the event that says so.
fn reversed(orders: &TestOrders, order: &pb::Order, id: CaptureId, amount: i64) -> bus::Event {
    reversed_at(orders, payment_id(order), id, amount)
}

/// The same of one of several payments.
pub(crate) fn reversed_at(
    orders: &TestOrders,
    payment: &str,
    id: CaptureId,
    amount: i64,
) -> bus::Event {
    let mut world = orders.world.lock();
    let held = world.payments.get_mut(payment).unwrap();
    held.0 -= amount;
    held.1 -= amount;
    let is_over = held.0 == 0;
    if is_over {
        world.voided.insert(payment.to_owned());
    }
    drop(world);
    capture_reversed(orders, payment, id, amount)
}

/// Returns the event that a capture was taken back.
fn capture_reversed(orders: &TestOrders, payment: &str, id: CaptureId, amount: i64) -> bus::Event {
    let capture = payments::PaymentCapture {
        capture_id: id.to_string(),
        payment_id: payment.to_owned(),
        amount: gbp(amount),
        state: payments::PaymentCaptureState::Reversed.into(),
        ..Default::default()
    };
    changed(orders, payment, Some(capture))
}

fn changed(
    orders: &TestOrders,
    payment: &str,
    capture: Option<payments::PaymentCapture>,
) -> bus::Event {
    let payment = Some(orders.world.lock().payment(payment));
    let changed = payments::PaymentChanged { payment, capture, ..Default::default() };
    event("souk.payments.v1.PaymentChanged", &changed)
}

/// Has the provider return the money of a refund, and returns the event that says so.
fn failed(orders: &TestOrders, order: &pb::Order, refund_id: &str) -> bus::Event {
    failed_at(orders, payment_id(order), refund_id)
}

/// The same of one of several payments, which knows its part by this id.
pub(crate) fn failed_at(orders: &TestOrders, payment: &str, refund_id: &str) -> bus::Event {
    let mut world = orders.world.lock();
    let amount = world.refunds[refund_id];
    world.payments.get_mut(payment).unwrap().2 -= amount;
    let refund = payments::PaymentRefund {
        refund_id: refund_id.to_owned(),
        payment_id: payment.to_owned(),
        amount: gbp(amount),
        state: payments::PaymentRefundState::Failed.into(),
        ..Default::default()
    };
    let failed = payments::PaymentRefunded {
        payment: Some(world.payment(payment)),
        refund: Some(refund),
        previous_state: payments::PaymentRefundState::Succeeded.into(),
        ..Default::default()
    };
    event("souk.payments.v1.PaymentRefunded", &failed)
}

/// Has the provider give up what is authorized, and returns the event that says so.
fn released(orders: &TestOrders, order: &pb::Order) -> bus::Event {
    let mut world = orders.world.lock();
    let held = world.payments.get_mut(payment_id(order)).unwrap();
    held.0 = held.1;
    world.voided.insert(payment_id(order).to_owned());
    drop(world);
    changed(orders, payment_id(order), None)
}

pub(crate) fn new_capture() -> CaptureId {
    CaptureId::new(Clock::system().now())
}

pub(crate) async fn get(orders: &TestOrders, order: &pb::Order) -> pb::Order {
    let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
    orders.staff().get_order(request).await.unwrap().into_inner().order.unwrap()
}

/// Waits until the money of an order is like this.
pub(crate) async fn paid_as(
    orders: &TestOrders,
    order: &pb::Order,
    status: pb::PaymentStatus,
) -> pb::Order {
    eventually(Duration::from_secs(20), || async {
        let order = get(orders, order).await;
        (order.payment_status() == status).then_some(order)
    })
    .await
}

async fn place(orders: &TestOrders, method: pb::CaptureMethod) -> pb::Order {
    let request = pb::PlaceOrderRequest { capture_method: method.into(), ..request("placed") };
    orders.alice().place_order(request).await.unwrap().into_inner().order.unwrap()
}

async fn capture(orders: &TestOrders, order: &pb::Order, part: i64) -> Result<pb::Order, Status> {
    let request = pb::CaptureOrderRequest {
        order_id: order.order_id.clone(),
        request_id: format!("capture {part}"),
        amount: gbp(part),
    };
    Ok(orders.staff().capture_order(request).await?.into_inner().order.unwrap())
}

pub(crate) async fn cancel(orders: &TestOrders, order: &pb::Order) -> pb::Order {
    let request = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
    orders.staff().cancel_order(request).await.unwrap().into_inner().order.unwrap()
}

pub(crate) async fn refund(
    orders: &TestOrders,
    order: &pb::Order,
    request_id: &str,
    amount: Option<i64>,
) -> Result<pb::RefundOrderResponse, Status> {
    let request = pb::RefundOrderRequest {
        order_id: order.order_id.clone(),
        request_id: request_id.into(),
        amount: amount.and_then(gbp),
        ..Default::default()
    };
    Ok(orders.staff().refund_order(request).await?.into_inner())
}

/// Returns the changes of an order of this kind; each must be of the payments service.
pub(crate) async fn changes(
    orders: &TestOrders,
    order: &pb::Order,
    kind: pb::OrderChangeKind,
) -> Vec<pb::OrderChange> {
    let request =
        pb::ListOrderHistoryRequest { order_id: order.order_id.clone(), ..Default::default() };
    let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
    let of_kind: Vec<_> = changes.into_iter().filter(|change| change.kind() == kind).collect();
    for change in &of_kind {
        assert_eq!(change.cause(), pb::OrderChangeCause::PaymentChanged);
        let actor = change.actor.as_ref().unwrap();
        assert_eq!((actor.kind(), actor.id.as_str()), (ActorKind::Service, "payments"));
    }
    of_kind
}

/// Returns the event of an order that has this type.
pub(crate) async fn published<E: souk_contract::Event + Default>(bus: &Bus, kind: &str) -> E {
    let event = eventually(Duration::from_secs(20), || async {
        bus.events().into_iter().find(|event| event.r#type == kind)
    })
    .await;
    E::decode(event.data).unwrap()
}

on_each_engine! {
    async fn a_capture_that_is_taken_back_stops_the_order(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("reversed").await;
        let id = new_capture();
        deliver(&bus, "reversed", &reversed(&orders, &order, id, 2 * UNIT)).await;
        let left = paid_as(&orders, &order, pb::PaymentStatus::Reversed).await;
        assert_eq!((left.state(), minor(&left.captured_total)), (pb::OrderState::Placed, UNIT));
        assert_eq!(left.payments[0].status(), pb::PaymentStatus::Reversed);
        let change = changes(&orders, &order, pb::OrderChangeKind::PaymentReversed).await.remove(0);
        assert_eq!((change.previous_payment_status(), minor(&change.captured_total)), (pb::PaymentStatus::Paid, UNIT));
        let event_of_order: pb::OrderPaymentReversed = published(&bus, "souk.orders.v1.OrderPaymentReversed").await;
        assert_eq!((event_of_order.capture_id, event_of_order.payment_id.as_str()), (id.to_string(), payment_id(&order)));
        assert_eq!((minor(&event_of_order.amount), event_of_order.order.unwrap().payment_status()), (2 * UNIT, pb::PaymentStatus::Reversed));

        // One capture counts once, whatever another event says of it.
        deliver(&bus, "again", &capture_reversed(&orders, payment_id(&order), id, UNIT)).await;
        assert_eq!(get(&orders, &order).await.version, left.version);
        // Nothing leaves and nothing is captured.
        let refused = orders.fulfill(&order.order_id, "leave", &[]).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
        let refused = capture(&orders, &order, UNIT).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;

        // Only what is left goes back.
        let refused = refund(&orders, &order, "more", Some(UNIT + 1)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");
        refund(&orders, &order, "some", Some(100)).await.unwrap();
        let canceled = cancel(&orders, &order).await;
        assert_eq!((canceled.state(), canceled.payment_status()), (pb::OrderState::Canceled, pb::PaymentStatus::Refunded));
        {
            let world = orders.world.lock();
            assert_eq!(world.payments[payment_id(&order)], (UNIT, UNIT, UNIT));
            assert_eq!(world.reservations[&order.reservation_id], "released");
        }
        orders.audit().await;
    }

    async fn a_completed_order_stays_completed_without_its_money(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("reversed").await;
        orders.fulfill(&order.order_id, "leave", &[]).await.unwrap();
        deliver(&bus, "reversed", &reversed(&orders, &order, new_capture(), 3 * UNIT)).await;
        let left = paid_as(&orders, &order, pb::PaymentStatus::Reversed).await;
        assert_eq!((left.state(), minor(&left.captured_total)), (pb::OrderState::Completed, 0));
        let refused = refund(&orders, &order, "none", None).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");
        // More than there is cannot be taken back: the audit of the shop has to say it.
        deliver(&bus, "more", &capture_reversed(&orders, payment_id(&order), new_capture(), UNIT)).await;
        assert_eq!(get(&orders, &order).await.version, left.version);
        orders.audit().await;
    }

    async fn what_is_authorized_beside_a_reversal_is_voided_with_the_order(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        capture(&orders, &order, UNIT).await.unwrap();
        deliver(&bus, "reversed", &reversed(&orders, &order, new_capture(), UNIT)).await;
        paid_as(&orders, &order, pb::PaymentStatus::Reversed).await;
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (2 * UNIT, 0, 0));
        orders.audit().await;
        let canceled = cancel(&orders, &order).await;
        assert_eq!((canceled.state(), canceled.payment_status()), (pb::OrderState::Canceled, pb::PaymentStatus::Voided));
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (0, 0, 0));
        orders.audit().await;
    }

    async fn a_refund_that_does_not_arrive_is_made_again(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("back").await;
        let back = refund(&orders, &order, "first", None).await.unwrap();
        assert_eq!(back.order.unwrap().state(), pb::OrderState::Canceled);
        let refund_id = back.refund.unwrap().refund_id;
        let event = failed(&orders, &order, &refund_id);
        deliver(&bus, "failed", &event).await;
        let owing = paid_as(&orders, &order, pb::PaymentStatus::Paid).await;
        assert_eq!((owing.state(), minor(&owing.refunded_total)), (pb::OrderState::Canceled, 0));
        assert_eq!((owing.refunds[0].state(), owing.lines[0].refunded_quantity), (pb::RefundState::Failed, 0));
        assert_eq!(changes(&orders, &order, pb::OrderChangeKind::RefundReversed).await.len(), 1);
        let event_of_order: pb::OrderRefundReversed = published(&bus, "souk.orders.v1.OrderRefundReversed").await;
        assert_eq!(event_of_order.refund.as_ref().unwrap(), &owing.refunds[0]);
        deliver(&bus, "again", &event).await;
        assert_eq!(get(&orders, &order).await.version, owing.version);
        orders.audit().await;

        refund(&orders, &order, "second", None).await.unwrap();
        let paid_back = get(&orders, &order).await;
        assert_eq!((at(&paid_back), paid_back.refunds.len()), (At::Refunded, 2));
        assert_eq!(orders.world.lock().payments[payment_id(&order)].2, 3 * UNIT);
        orders.audit().await;
    }

    async fn goods_that_came_back_stay_when_the_money_does_not_arrive(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("back").await;
        orders.fulfill(&order.order_id, "leave", &[]).await.unwrap();
        let units = pb::RefundOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "units".into(),
            lines: vec![pb::RefundLine { line_number: 1, quantity: 2, ..Default::default() }],
            restock: pb::RestockPolicy::All.into(),
            ..Default::default()
        };
        let back = orders.staff().refund_order(units).await.unwrap().into_inner().refund.unwrap();
        deliver(&bus, "failed", &failed(&orders, &order, &back.refund_id)).await;
        let owing = paid_as(&orders, &order, pb::PaymentStatus::Paid).await;
        assert_eq!(owing.state(), pb::OrderState::Completed);
        assert_eq!((owing.lines[0].refunded_quantity, owing.lines[0].returned_quantity), (0, 2));
        refund(&orders, &order, "again", Some(2 * UNIT)).await.unwrap();
        paid_as(&orders, &order, pb::PaymentStatus::PartiallyRefunded).await;
        orders.audit().await;
    }

    async fn what_a_cancellation_did_not_pay_back_is_owed(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("canceled").await;
        assert_eq!(cancel(&orders, &order).await.payment_status(), pb::PaymentStatus::Refunded);
        let refund_id = orders.world.lock().refunds.keys().next().unwrap().clone();
        let event = failed(&orders, &order, &refund_id);
        deliver(&bus, "failed", &event).await;
        let owing = paid_as(&orders, &order, pb::PaymentStatus::Paid).await;
        assert_eq!(owing.state(), pb::OrderState::Canceled);
        assert_eq!((minor(&owing.canceled_total), minor(&owing.captured_total)), (0, 3 * UNIT));
        assert_eq!((owing.refunds[0].refund_id.as_str(), owing.refunds[0].state()), (&*refund_id, pb::RefundState::Failed));
        deliver(&bus, "again", &event).await;
        assert_eq!(get(&orders, &order).await.version, owing.version);
        orders.audit().await;

        refund(&orders, &order, "again", None).await.unwrap();
        let paid_back = get(&orders, &order).await;
        assert_eq!((paid_back.state(), paid_back.payment_status()), (pb::OrderState::Canceled, pb::PaymentStatus::Refunded));
        orders.audit().await;
    }

    async fn an_order_whose_authorization_is_gone_is_canceled_at_once(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = place(&orders, pb::CaptureMethod::OnFulfillment).await;
        deliver(&bus, "expired", &released(&orders, &order)).await;
        let canceled = orders.reaches(&order.order_id, At::Canceled).await;
        assert_eq!(canceled.closure_reason(), pb::OrderClosureReason::PaymentCanceled);
        assert_eq!(canceled.payment_status(), pb::PaymentStatus::Voided);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "released");
        for kind in [pb::OrderChangeKind::CancelStarted, pb::OrderChangeKind::Canceled] {
            assert_eq!(changes(&orders, &order, kind).await.len(), 1);
        }
        deliver(&bus, "again", &changed(&orders, payment_id(&order), None)).await;
        assert_eq!(get(&orders, &order).await, canceled);
        orders.audit().await;
    }

    async fn what_was_captured_for_units_that_left_stays_when_the_rest_is_released(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = place(&orders, pb::CaptureMethod::OnFulfillment).await;
        orders.fulfill(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        deliver(&bus, "expired", &released(&orders, &order)).await;
        let over = orders.reaches(&order.order_id, At::Fulfilled).await;
        assert_eq!((over.state(), over.payment_status()), (pb::OrderState::Completed, pb::PaymentStatus::Paid));
        assert_eq!((over.lines[0].fulfilled_quantity, over.lines[0].canceled_quantity), (1, 2));
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (UNIT, UNIT, 0));
        orders.audit().await;
    }

    async fn what_an_order_voided_or_captured_itself_is_no_news(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        let before = cancel(&orders, &order).await;
        deliver(&bus, "void", &changed(&orders, payment_id(&order), None)).await;
        assert_eq!(get(&orders, &order).await, before);

        let paid = orders.paid("paid").await;
        let own = payments::PaymentCapture {
            state: payments::PaymentCaptureState::Succeeded.into(),
            ..Default::default()
        };
        // Not delivered to the order: the next event shows that it was passed over.
        bus.deliver("capture", changed(&orders, payment_id(&paid), Some(own)));
        deliver(&bus, "rest", &changed(&orders, payment_id(&paid), None)).await;
        assert_eq!(get(&orders, &paid).await.version, paid.version);
        orders.audit().await;
    }
}
