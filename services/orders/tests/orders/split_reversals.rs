//! What a provider takes back of an order that two payments paid, as the bus says.

use souk_client::orders::v1 as pb;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{Bus, on_each_engine};

use crate::behind::{beside_a_bus, deliver};
use crate::reversals::*;
use crate::upstreams::*;

const GIFT: i64 = UNIT + 1;
const REST: i64 = 3 * UNIT - GIFT;

/// Places an order of which a gift card pays a part.
async fn place(orders: &TestOrders, method: pb::CaptureMethod) -> pb::Order {
    let gift = pb::PartialPayment { payment_method: "gift".into(), amount: gbp(GIFT) };
    let request = pb::PlaceOrderRequest {
        partial_payments: vec![gift],
        capture_method: method.into(),
        ..request("split")
    };
    orders.alice().place_order(request).await.unwrap().into_inner().order.unwrap()
}

/// The same, and waits until it is paid.
async fn paid(orders: &TestOrders) -> pb::Order {
    let order = place(orders, pb::CaptureMethod::Automatic).await;
    orders.reaches(&order.order_id, At::Paid).await
}

/// What the order says of its payments: captured, refunded and status.
fn said(order: &pb::Order) -> Vec<(i64, i64, pb::PaymentStatus)> {
    let minor = |money: &Option<Money>| money.as_ref().unwrap().minor_units;
    let payments = order.payments.iter();
    payments.map(|one| (minor(&one.captured), minor(&one.refunded), one.status())).collect()
}

/// What payments has captured and refunded.
fn kept(orders: &TestOrders, order: &pb::Order) -> Vec<(i64, i64)> {
    let world = orders.world.lock();
    let of = |one: &pb::OrderPayment| world.payments[&one.payment_id];
    order.payments.iter().map(|one| (of(one).1, of(one).2)).collect()
}

/// Asserts what the order says of its payments, and that payments has the same.
fn are(orders: &TestOrders, order: &pb::Order, expected: [(i64, i64, pb::PaymentStatus); 2]) {
    assert_eq!(said(order), expected);
    assert_eq!(kept(orders, order), expected.map(|(captured, refunded, _)| (captured, refunded)));
}

/// What the order says of its refunds: state, amount and the amounts of their lines.
fn refunds(order: &pb::Order) -> Vec<(pb::RefundState, i64, Vec<i64>)> {
    let of = |one: &pb::Refund| {
        let lines = one.lines.iter().map(|line| minor(&line.amount)).collect();
        (one.state(), minor(&one.amount), lines)
    };
    order.refunds.iter().map(of).collect()
}

/// Returns the id under which payments keeps a refund of this amount.
fn refund_of(orders: &TestOrders, amount: i64) -> String {
    let world = orders.world.lock();
    let mut found = world.refunds.iter().filter(|(_, minor)| **minor == amount);
    found.next().unwrap().0.clone()
}

/// Delivers the event that one payment, by its number from 0, did not pay back this refund.
async fn lose(orders: &TestOrders, bus: &Bus, order: &pb::Order, index: usize, refund_id: &str) {
    let event = failed_at(orders, &order.payments[index].payment_id, refund_id);
    deliver(bus, &format!("failed {refund_id}"), &event).await;
    let left = get(orders, order).await;
    deliver(bus, &format!("again {refund_id}"), &event).await;
    assert_eq!(get(orders, order).await, left, "the second time it is no news");
    orders.audit().await;
}

on_each_engine! {
    async fn a_capture_of_one_payment_is_taken_back(engine: Engine) {
        use pb::PaymentStatus::{Paid, Refunded, Reversed, Voided};
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = paid(&orders).await;
        let gift = &order.payments[0].payment_id;
        let id = new_capture();
        deliver(&bus, "reversed", &reversed_at(&orders, gift, id, GIFT)).await;
        let left = paid_as(&orders, &order, Reversed).await;
        assert_eq!((left.state(), minor(&left.captured_total)), (pb::OrderState::Placed, REST));
        are(&orders, &left, [(0, 0, Reversed), (REST, 0, Paid)]);
        let change = changes(&orders, &order, pb::OrderChangeKind::PaymentReversed).await.remove(0);
        assert_eq!(minor(&change.captured_total), REST);
        let event: pb::OrderPaymentReversed = published(&bus, "souk.orders.v1.OrderPaymentReversed").await;
        assert_eq!((&event.payment_id, minor(&event.amount)), (gift, GIFT));
        assert_eq!(said(&event.order.unwrap()), said(&left), "the event says what the order says");
        orders.audit().await;

        // Only the other payment has something to pay back.
        let canceled = cancel(&orders, &order).await;
        assert_eq!((canceled.state(), canceled.payment_status()), (pb::OrderState::Canceled, Refunded));
        are(&orders, &canceled, [(0, 0, Voided), (REST, REST, Refunded)]);
        orders.audit().await;
    }

    async fn what_is_authorized_beside_a_capture_that_is_taken_back_is_not_reversed(engine: Engine) {
        use pb::PaymentStatus::{Authorized, Reversed, Voided};
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        let request = pb::CaptureOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "gift".into(),
            amount: gbp(GIFT),
        };
        orders.staff().capture_order(request).await.unwrap();
        let event = reversed_at(&orders, &order.payments[0].payment_id, new_capture(), GIFT);
        deliver(&bus, "reversed", &event).await;
        let left = paid_as(&orders, &order, Reversed).await;
        are(&orders, &left, [(0, 0, Reversed), (0, 0, Authorized)]);
        orders.audit().await;

        // One unit of three is still owed; less than was taken back, so that nothing else is.
        let less = orders.cancel_units(&order.order_id, "two", &[(1, 2)]).await.unwrap();
        assert_eq!((less.state(), less.payment_status()), (pb::OrderState::Placed, Reversed));
        are(&orders, &less, [(0, 0, Reversed), (0, 0, Voided)]);
        assert_eq!(orders.world.lock().payments[&order.payments[1].payment_id], (0, 0, 0));
        orders.audit().await;
        let canceled = cancel(&orders, &order).await;
        are(&orders, &canceled, [(0, 0, Voided), (0, 0, Voided)]);
        orders.audit().await;
    }

    async fn a_part_of_a_refund_does_not_arrive(engine: Engine) {
        use pb::PaymentStatus::{Paid, PartiallyRefunded, Refunded};
        use pb::RefundState::{Failed, Succeeded};
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = paid(&orders).await;
        orders.fulfill(&order.order_id, "leave", &[]).await.unwrap();
        let units = pb::RefundOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "units".into(),
            lines: vec![pb::RefundLine { line_number: 1, quantity: 3, ..Default::default() }],
            restock: pb::RestockPolicy::All.into(),
            ..Default::default()
        };
        let first = orders.staff().refund_order(units.clone()).await.unwrap().into_inner().refund.unwrap();
        let of_gift = refund_of(&orders, GIFT);
        lose(&orders, &bus, &order, 1, &refund_of(&orders, REST)).await;
        let owing = get(&orders, &order).await;
        assert_eq!((owing.state(), owing.payment_status()), (pb::OrderState::Completed, PartiallyRefunded));
        assert_eq!(minor(&owing.refunded_total), GIFT);
        are(&orders, &owing, [(GIFT, GIFT, Refunded), (REST, 0, Paid)]);
        assert_eq!(refunds(&owing), [(Succeeded, GIFT, vec![GIFT]), (Failed, REST, vec![REST])]);
        let units_of = |order: &pb::Order| (order.lines[0].refunded_quantity, order.lines[0].returned_quantity);
        assert_eq!(units_of(&owing), (3, 3), "some of their price is with the customer");
        let change = changes(&orders, &order, pb::OrderChangeKind::RefundReversed).await.remove(0);
        assert_eq!((minor(&change.refunded_total), change.previous_payment_status()), (GIFT, Refunded));
        let event: pb::OrderRefundReversed = published(&bus, "souk.orders.v1.OrderRefundReversed").await;
        assert_eq!(event.refund.as_ref().unwrap(), &owing.refunds[1]);
        assert_eq!(said(&event.order.unwrap()), said(&owing));
        // The request of it still has its refund.
        let again = orders.staff().refund_order(units).await.unwrap().into_inner().refund.unwrap();
        assert_eq!((again.refund_id, minor(&again.amount)), (first.refund_id, GIFT));

        // What is missing goes back from the payment that has it.
        refund(&orders, &order, "rest", None).await.unwrap();
        let back = get(&orders, &order).await;
        are(&orders, &back, [(GIFT, GIFT, Refunded), (REST, REST, Refunded)]);
        assert_eq!(back.payment_status(), Refunded);
        orders.audit().await;

        // The other part of the first refund does not arrive either: nothing of it is left.
        lose(&orders, &bus, &order, 0, &of_gift).await;
        let owing = get(&orders, &order).await;
        are(&orders, &owing, [(GIFT, 0, Paid), (REST, REST, Refunded)]);
        let expected = [(Failed, GIFT, vec![GIFT]), (Failed, REST, vec![REST]), (Succeeded, REST, vec![])];
        assert_eq!((refunds(&owing), units_of(&owing)), (expected.to_vec(), (0, 3)));
        assert_eq!(minor(&owing.refunded_total), REST);
    }

    async fn what_one_payment_did_not_pay_back_of_a_cancellation_is_owed(engine: Engine) {
        use pb::PaymentStatus::{Paid, Refunded};
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = paid(&orders).await;
        assert_eq!(cancel(&orders, &order).await.payment_status(), Refunded);
        lose(&orders, &bus, &order, 0, &refund_of(&orders, GIFT)).await;
        let owing = get(&orders, &order).await;
        assert_eq!((owing.state(), owing.payment_status()), (pb::OrderState::Canceled, Paid));
        are(&orders, &owing, [(GIFT, 0, Paid), (REST, REST, Refunded)]);
        assert_eq!(refunds(&owing), [(pb::RefundState::Failed, GIFT, vec![])]);
        refund(&orders, &order, "again", None).await.unwrap();
        let back = get(&orders, &order).await;
        are(&orders, &back, [(GIFT, GIFT, Refunded), (REST, REST, Refunded)]);
        orders.audit().await;
    }
}
