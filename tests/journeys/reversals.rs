//! What a provider takes back or lets expire: the order says so, and all books still agree.

use souk_chassis::Caller;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{
    CaptureMethod, CreateFulfillmentRequest, Fulfillment, Order, OrderChangeCause, OrderChangeKind,
    OrderClosureReason, OrderState, PartialPayment, PaymentStatus, PlaceOrderLine,
    PlaceOrderRequest, RefundState, place_order_line,
};
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_testkit::{Engine, on_each_engine, reason_of};

use crate::customer::Person;
use crate::shops::{GOODS, Shop};

const LAMP: &str = GOODS[0].0;
const PRICE: i64 = GOODS[0].1;

/// How long an authorization lasts: longer than the test takes to get there.
const AUTHORIZATION: (&str, &str) = ("PAYMENTS__SIMULATOR__AUTHORIZATION_SECONDS", "3");
const SWEEP: (&str, &str) = ("PAYMENTS__RECOVERY__SWEEP_MILLISECONDS", "50");

on_each_engine! {
    async fn what_the_provider_takes_back_is_missing_in_the_order(engine: Engine) {
        let shop = Shop::in_one_process_with(engine, &[AUTHORIZATION, SWEEP]).await.open().await;
        a_capture_is_taken_back(&shop).await;
        a_refund_does_not_arrive(&shop).await;
        what_a_cancellation_paid_back_does_not_arrive(&shop).await;
        a_capture_of_one_of_two_payments_is_taken_back(&shop).await;
        a_part_of_a_refund_does_not_arrive(&shop).await;
        an_authorization_expires(&shop).await;
        shop.audit().await;
    }
}

async fn a_capture_is_taken_back(shop: &Shop) {
    let (alice, staff) = (Person::customer(shop, "alice"), Person::staff(shop));
    let order = paid(shop, "capture", 2).await;
    reverse_capture(shop, &order.payments[0].payment_id).await;
    let left = alice.order_when(&order.order_id, is(PaymentStatus::Reversed)).await;
    assert_eq!((left.state(), minor(&left.captured_total)), (OrderState::Placed, 0));
    let refused = staff.fulfill(&order.order_id).await.unwrap_err();
    assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
    assert_cause(shop, &order, OrderChangeKind::PaymentReversed).await;
    shop.audit().await;

    let canceled = alice.cancel(&order.order_id).await.unwrap();
    assert_eq!(
        (canceled.state(), canceled.payment_status()),
        (OrderState::Canceled, PaymentStatus::Voided)
    );

    let gone = paid(shop, "gone", 1).await;
    leave(shop, &gone).await;
    reverse_capture(shop, &gone.payments[0].payment_id).await;
    let left = alice.order_when(&gone.order_id, is(PaymentStatus::Reversed)).await;
    assert_eq!(left.state(), OrderState::Completed);
    shop.audit().await;
}

async fn a_refund_does_not_arrive(shop: &Shop) {
    let (alice, staff) = (Person::customer(shop, "alice"), Person::staff(shop));
    let order = paid(shop, "refund", 1).await;
    leave(shop, &order).await;
    let refunded = staff.refund(&order.order_id, "first", None).await.unwrap();
    assert_eq!(refunded.payment_status(), PaymentStatus::Refunded);
    reverse_refund(shop, &refunded.refunds[0].refund_id).await;
    let owing = alice.order_when(&order.order_id, is(PaymentStatus::Paid)).await;
    assert_eq!((minor(&owing.refunded_total), owing.refunds[0].state()), (0, RefundState::Failed));
    assert_cause(shop, &order, OrderChangeKind::RefundReversed).await;
    shop.audit().await;
    let again = staff.refund(&order.order_id, "second", None).await.unwrap();
    assert_eq!(again.payment_status(), PaymentStatus::Refunded);
}

async fn what_a_cancellation_paid_back_does_not_arrive(shop: &Shop) {
    let (alice, staff) = (Person::customer(shop, "alice"), Person::staff(shop));
    let order = paid(shop, "cancel", 1).await;
    alice.cancel(&order.order_id).await.unwrap();
    reverse_refund_of(shop, &order.payments[0].payment_id).await;
    let owing = alice.order_when(&order.order_id, is(PaymentStatus::Paid)).await;
    assert_eq!((owing.state(), minor(&owing.captured_total)), (OrderState::Canceled, PRICE));
    shop.audit().await;
    let again = staff.refund(&order.order_id, "owed", None).await.unwrap();
    assert_eq!(
        (again.state(), again.payment_status()),
        (OrderState::Canceled, PaymentStatus::Refunded)
    );
}

/// What a gift card pays of two lamps.
const GIFT: i64 = PRICE / 2;

async fn a_capture_of_one_of_two_payments_is_taken_back(shop: &Shop) {
    use PaymentStatus::{Paid, Refunded, Reversed, Voided};
    let alice = Person::customer(shop, "alice");
    let order = split(shop, "split capture").await;
    let rest = 2 * PRICE - GIFT;
    assert_eq!(said(&order), [(GIFT, 0, Paid), (rest, 0, Paid)]);
    reverse_capture(shop, &order.payments[0].payment_id).await;
    let left = alice.order_when(&order.order_id, is(Reversed)).await;
    assert_eq!(said(&left), [(0, 0, Reversed), (rest, 0, Paid)]);
    shop.audit().await;
    let canceled = alice.cancel(&order.order_id).await.unwrap();
    assert_eq!((canceled.state(), canceled.payment_status()), (OrderState::Canceled, Refunded));
    assert_eq!(said(&canceled), [(0, 0, Voided), (rest, rest, Refunded)]);
}

async fn a_part_of_a_refund_does_not_arrive(shop: &Shop) {
    use PaymentStatus::{Paid, PartiallyRefunded, Refunded};
    let (alice, staff) = (Person::customer(shop, "alice"), Person::staff(shop));
    let order = split(shop, "split refund").await;
    let rest = 2 * PRICE - GIFT;
    leave(shop, &order).await;
    let refunded = staff.refund(&order.order_id, "both", None).await.unwrap();
    assert_eq!(said(&refunded), [(GIFT, GIFT, Refunded), (rest, rest, Refunded)]);
    reverse_refund_of(shop, &order.payments[1].payment_id).await;
    let owing = alice.order_when(&order.order_id, is(PartiallyRefunded)).await;
    assert_eq!(said(&owing), [(GIFT, GIFT, Refunded), (rest, 0, Paid)]);
    let of = |at: usize| (owing.refunds[at].state(), minor(&owing.refunds[at].amount));
    assert_eq!([of(0), of(1)], [(RefundState::Succeeded, GIFT), (RefundState::Failed, rest)]);
    assert_cause(shop, &order, OrderChangeKind::RefundReversed).await;
    shop.audit().await;
    let again = staff.refund(&order.order_id, "missing", None).await.unwrap();
    assert_eq!(said(&again), [(GIFT, GIFT, Refunded), (rest, rest, Refunded)]);
}

async fn an_authorization_expires(shop: &Shop) {
    let alice = Person::customer(shop, "alice");
    let before = shop.stock(LAMP).await;
    let manual = CaptureMethod::Manual.into();
    let request = PlaceOrderRequest { capture_method: manual, ..request("expires", 1) };
    let order = place(shop, request).await;
    assert_eq!(order.payment_status(), PaymentStatus::Authorized);
    let canceled = alice.order_in(&order.order_id, OrderState::Canceled).await;
    assert_eq!(
        (canceled.payment_status(), canceled.closure_reason()),
        (PaymentStatus::Voided, OrderClosureReason::PaymentCanceled)
    );
    assert_cause(shop, &order, OrderChangeKind::CancelStarted).await;
    assert_eq!(shop.stock(LAMP).await, before);
}

fn is(status: PaymentStatus) -> impl Fn(&Order) -> bool {
    move |order| order.payment_status() == status
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().expect("an amount").minor_units
}

fn ann() -> Caller {
    Caller::Staff("ann".to_owned())
}

/// What an order says of its payments: captured, refunded and status.
fn said(order: &Order) -> Vec<(i64, i64, PaymentStatus)> {
    let payments = order.payments.iter();
    payments.map(|one| (minor(&one.captured), minor(&one.refunded), one.status())).collect()
}

fn request(request_id: &str, lamps: i32) -> PlaceOrderRequest {
    let item = place_order_line::Item::Sku(LAMP.to_owned());
    PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: "GBP".to_owned(),
        lines: vec![PlaceOrderLine { item: Some(item), quantity: lamps }],
        payment_method: "tok_approved".to_owned(),
        ..Default::default()
    }
}

async fn place(shop: &Shop, request: PlaceOrderRequest) -> Order {
    let mut client = OrderServiceClient::new(shop.channel("orders", &Caller::user("alice")));
    client.place_order(request).await.unwrap().into_inner().order.unwrap()
}

/// Places an order for some lamps, and waits until it is paid.
async fn paid(shop: &Shop, request_id: &str, lamps: i32) -> Order {
    when_paid(shop, request(request_id, lamps)).await
}

/// The same for two lamps, of which a gift card pays a part.
async fn split(shop: &Shop, request_id: &str) -> Order {
    let gift = PartialPayment {
        payment_method: "tok_approved:gift".to_owned(),
        amount: Some(Money { currency_code: "GBP".to_owned(), minor_units: GIFT }),
    };
    when_paid(shop, PlaceOrderRequest { partial_payments: vec![gift], ..request(request_id, 2) })
        .await
}

async fn when_paid(shop: &Shop, request: PlaceOrderRequest) -> Order {
    let order = place(shop, request).await;
    let alice = Person::customer(shop, "alice");
    alice.order_when(&order.order_id, is(PaymentStatus::Paid)).await
}

/// Lets all goods of an order leave.
async fn leave(shop: &Shop, order: &Order) {
    let request = CreateFulfillmentRequest {
        request_id: format!("all of {}", order.order_id),
        order_id: order.order_id.clone(),
        fulfillment: Some(Fulfillment::default()),
        effective_time: None,
    };
    let mut client = OrderServiceClient::new(shop.channel("orders", &ann()));
    client.create_fulfillment(request).await.unwrap();
}

async fn reverse_capture(shop: &Shop, payment_id: &str) {
    let mut payments = PaymentServiceClient::new(shop.channel("payments", &ann()));
    let request =
        payments::ListCapturesRequest { payment_id: payment_id.to_owned(), ..Default::default() };
    let captures = payments.list_captures(request).await.unwrap().into_inner().captures;
    let capture = captures[0].capture_id.clone();
    reverse(shop, simulator::reverse_operation_request::Operation::CaptureId(capture)).await;
}

/// Has the provider take back the only refund of a payment.
async fn reverse_refund_of(shop: &Shop, payment_id: &str) {
    let mut payments = PaymentServiceClient::new(shop.channel("payments", &ann()));
    let request =
        payments::ListRefundsRequest { payment_id: payment_id.to_owned(), ..Default::default() };
    let refunds = payments.list_refunds(request).await.unwrap().into_inner().refunds;
    reverse_refund(shop, &refunds[0].refund_id).await;
}

async fn reverse_refund(shop: &Shop, refund_id: &str) {
    let refund = refund_id.to_owned();
    reverse(shop, simulator::reverse_operation_request::Operation::RefundId(refund)).await;
}

async fn reverse(shop: &Shop, operation: simulator::reverse_operation_request::Operation) {
    let mut simulator = SimulatorServiceClient::new(shop.channel("payments", &ann()));
    let request = simulator::ReverseOperationRequest { operation: Some(operation) };
    simulator.reverse_operation(request).await.unwrap();
}

/// Asserts that the payments service is named as the cause of a change of this kind, and that who
/// watches the order sees it.
async fn assert_cause(shop: &Shop, order: &Order, kind: OrderChangeKind) {
    let alice = Person::customer(shop, "alice");
    let mut watched = alice.watch(&order.order_id, "").await;
    loop {
        let change = watched.next().await.expect("the change is among them").change.unwrap();
        if change.kind() == kind {
            assert_eq!(change.cause(), OrderChangeCause::PaymentChanged);
            assert_eq!(change.actor.unwrap().id, "payments");
            return;
        }
    }
}
