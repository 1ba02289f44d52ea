//! A sale that a gift card pays in part: two payments of one order, captured as goods leave, less
//! what is canceled, and paid back from the card first.

use souk_chassis::Caller;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::{CaptureMethod, Order, OrderState, PaymentStatus};
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_testkit::{Engine, metadata_of, on_each_engine, reason_of};
use tonic::Request;

use crate::customer::{LIMIT, Person};
use crate::shops::{GOODS, Shop};

const LAMP: &str = GOODS[0].0;
const PRICE: i64 = GOODS[0].1;

/// What the gift card pays: one lamp and a half.
const GIFT: i64 = PRICE + PRICE / 2;
const REST: i64 = 4 * PRICE - GIFT;

on_each_engine! {
    async fn a_gift_card_and_a_card_pay_one_order(engine: Engine) {
        let shop = Shop::in_one_process(engine).await.open().await;
        sell(&shop).await;
        shop.audit().await;
    }
}

async fn sell(shop: &Shop) {
    let alice = Person::customer(shop, "alice");
    let staff = Person::staff(shop);
    let mut request = Request::new(gift_order());
    request.set_timeout(LIMIT);
    let declined = alice.0.clone().place_order(request).await.unwrap_err();
    assert_eq!(reason_of(&declined), "ERROR_REASON_PAYMENT_METHOD_DECLINED", "{declined:?}");
    let id = metadata_of(&declined)["order_id"].clone();
    let waiting = alice.order(&id).await.unwrap();
    use PaymentStatus::{Authorized, Unpaid};
    assert_eq!(
        (waiting.state(), statuses(&waiting)),
        (OrderState::Pending, vec![Authorized, Unpaid])
    );
    assert_eq!(metadata_of(&declined)["payment_id"], waiting.payments[1].payment_id);

    // The gift card stays as it is; another card pays the rest.
    let placed = alice.retry_payment(&id, "tok_approved").await.unwrap();
    assert_eq!((placed.state(), statuses(&placed)), (OrderState::Placed, vec![Authorized; 2]));
    assert_eq!(money(shop, &placed).await, [(GIFT, 0, 0), (REST, 0, 0)]);

    // Each lamp that leaves is captured: the first from the gift card, the second from both.
    leave(&staff, &id, "first").await;
    let order = leave(&staff, &id, "second").await;
    assert_eq!(order.payment_status(), PaymentStatus::PartiallyPaid);
    let of_card = 2 * PRICE - GIFT;
    assert_eq!(money(shop, &order).await, [(GIFT, GIFT, 0), (REST, of_card, 0)]);

    // One lamp is canceled and never charged; with the last one the order is paid.
    let request = orders::CancelOrderRequest {
        order_id: id.clone(),
        request_id: "one".to_owned(),
        lines: vec![ONE_LAMP],
        ..Default::default()
    };
    alice.0.clone().cancel_order(request).await.unwrap();
    let order = leave(&staff, &id, "last").await;
    assert_eq!(
        (order.state(), order.payment_status()),
        (OrderState::Completed, PaymentStatus::Paid)
    );
    let of_card = 3 * PRICE - GIFT;
    assert_eq!(money(shop, &order).await, [(GIFT, GIFT, 0), (of_card, of_card, 0)]);

    // Two lamps come back: the card has its money again, and then the gift card some of it.
    let order = staff.refund(&id, "two", Some((1, 2))).await.unwrap();
    let of_gift = 2 * PRICE - of_card;
    assert_eq!(money(shop, &order).await, [(GIFT, GIFT, of_gift), (of_card, of_card, of_card)]);
    let order = staff.refund(&id, "rest", None).await.unwrap();
    assert_eq!(order.payment_status(), PaymentStatus::Refunded);
    assert_eq!(money(shop, &order).await, [(GIFT, GIFT, GIFT), (of_card, of_card, of_card)]);
}

const ONE_LAMP: orders::FulfillmentLine = orders::FulfillmentLine { line_number: 1, quantity: 1 };

/// An order of four lamps whose card has no money.
fn gift_order() -> orders::PlaceOrderRequest {
    let line = orders::PlaceOrderLine {
        item: Some(orders::place_order_line::Item::Sku(LAMP.to_owned())),
        quantity: 4,
    };
    let gift = orders::PartialPayment {
        payment_method: "tok_approved:gift".to_owned(),
        amount: Some(Money { currency_code: "GBP".to_owned(), minor_units: GIFT }),
    };
    orders::PlaceOrderRequest {
        request_id: "gift".to_owned(),
        currency_code: "GBP".to_owned(),
        lines: vec![line],
        payment_method: "tok_insufficient_funds".to_owned(),
        partial_payments: vec![gift],
        capture_method: CaptureMethod::OnFulfillment.into(),
        ..Default::default()
    }
}

async fn leave(staff: &Person, order_id: &str, request_id: &str) -> Order {
    let request = orders::CreateFulfillmentRequest {
        request_id: request_id.to_owned(),
        order_id: order_id.to_owned(),
        fulfillment: Some(orders::Fulfillment { lines: vec![ONE_LAMP], ..Default::default() }),
        effective_time: None,
    };
    staff.0.clone().create_fulfillment(request).await.unwrap().into_inner().order.unwrap()
}

fn statuses(order: &Order) -> Vec<PaymentStatus> {
    order.payments.iter().map(|one| one.status()).collect()
}

/// Returns what payments has authorized, captured and refunded for each payment of an order, after
/// asserting that the order says the same.
async fn money(shop: &Shop, order: &Order) -> Vec<(i64, i64, i64)> {
    let minor = |money: &Option<Money>| money.as_ref().map_or(0, |money| money.minor_units);
    let staff = Caller::Staff("ann".to_owned());
    let mut client = PaymentServiceClient::new(shop.channel("payments", &staff));
    let mut found = vec![];
    for one in &order.payments {
        let request = payments::GetPaymentRequest { payment_id: one.payment_id.clone() };
        let payment = client.get_payment(request).await.unwrap().into_inner().payment.unwrap();
        let moved = (minor(&payment.captured), minor(&payment.refunded));
        assert_eq!(moved, (minor(&one.captured), minor(&one.refunded)), "{one:?}");
        found.push((minor(&payment.authorized), moved.0, moved.1));
    }
    found
}
