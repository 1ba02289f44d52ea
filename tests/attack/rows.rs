//! Small inputs that once did harm, each on a running shop, and what it must say instead.
//! Afterwards the auditor finds every invariant true.

use prost_types::Timestamp;
use souk_chassis::Caller;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::catalog::v1::{
    CreatePriceRequest, CreateProductRequest, CreateVariantRequest, ListProductsRequest,
};
use souk_client::catalog::v1::{Price, Product, PublishProductRequest, Variant};
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::start_position::Start;
use souk_client::events::v1::{
    self as events, CreateSubscriptionRequest, SeekSubscriptionRequest, StartPosition,
};
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::inventory::v1::{
    CommitReservationRequest, CreateReservationRequest, ReceiveStockRequest, ReceivedItem,
    ReleaseReservationRequest, ReservationLine,
};
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{self as orders, GetOrderRequest, PaymentStatus, RefundOrderRequest};
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::payments::v1::{AuthorizePaymentRequest, RefundPaymentRequest};
use souk_client::types::v1::Money;
use souk_contract::customer_of;
use souk_testkit::{CallerChannel, ChildShop, eventually, field_violations, reason_of};
use souk_types::{Clock, EventId, OrderId, PaymentId, RefundId, ReservationId};
use tonic::{Code, Response, Status};

use crate::shop::{LIMIT, SKU, audit, buy, staff, start, stock, tool, user};

/// Checks that a call was refused with this reason, naming this field where one is at fault.
fn refused<T>(answer: Result<Response<T>, Status>, reason: &str, field: &str) {
    let status = answer.err().expect("it is refused");
    assert_eq!(reason_of(&status), format!("ERROR_REASON_{reason}"), "{status:?}");
    if !field.is_empty() {
        assert!(
            field_violations(&status).iter().any(|violation| violation.field == field),
            "{field}: {status:?}"
        );
    }
    assert_ne!(status.code(), Code::Internal);
}

fn gbp(minor_units: i64) -> Money {
    Money { currency_code: "GBP".to_owned(), minor_units }
}

fn service(shop: &ChildShop, name: &str) -> CallerChannel {
    shop.channel_as(&Caller::Service(name.to_owned()))
}

/// Waits until the money of an order of the staff's view has come to a status.
async fn reaches(shop: &ChildShop, order_id: &str, status: PaymentStatus) -> orders::Order {
    eventually(LIMIT, || async {
        let request = GetOrderRequest { order_id: order_id.to_owned() };
        let order = OrderServiceClient::new(staff(shop))
            .get_order(request)
            .await
            .map_err(|status| status.to_string())?;
        let order = order.into_inner().order.expect("an order");
        if order.payment_status() == status { Ok(order) } else { Err(format!("{order:?}")) }
    })
    .await
}

fn event(kind: &str) -> events::Event {
    let id = EventId::new(Clock::system().now()).to_string();
    events::Event { id, r#type: kind.to_owned(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_takes_no_impossible_time_and_no_position_that_is_not_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let publish = |name: &str, event: events::Event| {
        let mut bus = EventServiceClient::new(service(&shop, name));
        async move { bus.publish_events(events::PublishEventsRequest { events: vec![event] }).await }
    };
    let times = [(i64::MAX, 0), (i64::MIN, 0), (1_790_000_000_000, 0), (0, -1), (0, 2_000_000_000)];
    for (seconds, nanos) in times {
        let event = events::Event {
            time: Some(Timestamp { seconds, nanos }),
            ..event("souk.orders.v1.OrderPlaced")
        };
        refused(publish("orders", event).await, "INVALID_FIELD", "events[0].time");
    }

    let mut bus = EventServiceClient::new(staff(&shop));
    let subscription = "staff.attack".to_owned();
    let create = |subscription_id: &str| CreateSubscriptionRequest {
        subscription: Some(events::Subscription {
            subscription_id: subscription_id.to_owned(),
            ..Default::default()
        }),
        start_position: None,
    };
    let theirs = create("notifications");
    refused(bus.create_subscription(theirs).await, "SUBSCRIPTION_NOT_YOURS", "");
    let own = create(&subscription);
    bus.create_subscription(own).await.expect("a subscription of the staff's");
    let beyond = events::Position { partition: 0, offset: 1_000_000_000_000_000 };
    for start in [Start::Position(beyond), Start::Boundary(0), Start::Boundary(9)] {
        let position = Some(StartPosition { start: Some(start) });
        let request = SeekSubscriptionRequest { subscription_id: subscription.clone(), position };
        let status = bus.seek_subscription(request).await.expect_err("it is refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    }
    audit(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_behind_an_orders_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let before = stock(&shop).await;
    let order = buy(user(&shop, "alice"), "mine", 2).await.expect("an order");
    let order = reaches(&shop, &order.order_id, PaymentStatus::Paid).await;

    let mut payments = PaymentServiceClient::new(staff(&shop));
    let now = Clock::system().now();
    let refund = RefundPaymentRequest {
        payment_id: order.payments[0].payment_id.clone(),
        refund_id: RefundId::new(now).to_string(),
        amount: Some(gbp(100)),
        effective_time: None,
    };
    refused(payments.refund_payment(refund).await, "PAYMENT_OF_ORDER", "");
    let stray = AuthorizePaymentRequest {
        payment_id: PaymentId::new(now).to_string(),
        order_id: OrderId::new(now).to_string(),
        customer_id: customer_of("user:alice").to_string(),
        amount: Some(gbp(100)),
        payment_method: "tok_approved".to_owned(),
        ..Default::default()
    };
    assert!(
        payments.authorize_payment(stray).await.is_err(),
        "money for an order that does not exist"
    );
    let release = ReleaseReservationRequest {
        reservation_id: order.reservation_id.clone(),
        ..Default::default()
    };
    let released = InventoryServiceClient::new(staff(&shop)).release_reservation(release).await;
    refused(released, "RESERVATION_OF_ORDER", "");

    // Paid back before the goods left: they are for others again.
    let all = RefundOrderRequest {
        order_id: order.order_id.clone(),
        request_id: "all".to_owned(),
        ..Default::default()
    };
    eventually(LIMIT, || async {
        OrderServiceClient::new(staff(&shop)).refund_order(all.clone()).await
    })
    .await;
    reaches(&shop, &order.order_id, PaymentStatus::Refunded).await;
    let after = stock(&shop).await;
    assert_eq!((after.on_hand, after.reserved), (before.on_hand, before.reserved));
    audit(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_held_for_nothing_is_found_and_repaired() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let before = stock(&shop).await;
    let now = Clock::system().now();
    let reservation_id = ReservationId::new(now).to_string();
    let mut inventory = InventoryServiceClient::new(service(&shop, "orders"));
    let reserve = CreateReservationRequest {
        reservation_id: reservation_id.clone(),
        lines: vec![ReservationLine { sku: SKU.to_owned(), quantity: 3, ..Default::default() }],
        ttl: Some(prost_types::Duration { seconds: 600, nanos: 0 }),
        order_id: OrderId::new(now).to_string(),
        ..Default::default()
    };
    inventory.create_reservation(reserve).await.expect("a reservation");
    let commit = CommitReservationRequest { reservation_id: reservation_id.clone() };
    inventory.commit_reservation(commit).await.expect("a promise");

    let dry = tool(&shop, &["repair", "--patience", "1"]).await;
    let told = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert_eq!(dry.status.code(), Some(1), "{told}");
    assert!(
        told.contains("shop.reservation_has_order")
            && told.contains(&format!("releases {reservation_id}")),
        "{told}"
    );
    assert_eq!(stock(&shop).await.reserved, before.reserved + 3, "a dry run changes nothing");

    let done = tool(&shop, &["repair", "--patience", "1", "--apply"]).await;
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(stock(&shop).await.reserved, before.reserved);
    audit(&shop).await;
}

/// Makes a variant with a default price and some stock.
async fn variant(shop: &ChildShop, sku: &str, minor_units: i64) -> Variant {
    let mut catalog = CatalogServiceClient::new(staff(shop));
    let product = Product { title: sku.to_owned(), ..Default::default() };
    let product = CreateProductRequest { request_id: sku.to_owned(), product: Some(product) };
    let product =
        catalog.create_product(product).await.expect("a product").into_inner().product.expect("it");
    let published = PublishProductRequest {
        request_id: sku.to_owned(),
        product_id: product.product_id.clone(),
        ..Default::default()
    };
    catalog.publish_product(published).await.expect("a published product");
    let variant =
        Variant { product_id: product.product_id, sku: sku.to_owned(), ..Default::default() };
    let variant = CreateVariantRequest { request_id: sku.to_owned(), variant: Some(variant) };
    let variant =
        catalog.create_variant(variant).await.expect("a variant").into_inner().variant.expect("it");
    price(shop, &variant, gbp(minor_units), true).await.expect("a price");
    let item = ReceivedItem { sku: sku.to_owned(), quantity: 2_000, ..Default::default() };
    let request =
        ReceiveStockRequest { request_id: sku.to_owned(), items: vec![item], ..Default::default() };
    InventoryServiceClient::new(staff(shop)).receive_stock(request).await.expect("some stock");
    variant
}

async fn price(
    shop: &ChildShop,
    variant: &Variant,
    unit_price: Money,
    is_default: bool,
) -> Result<String, Status> {
    let request_id =
        format!("{}-{}{}", variant.sku, unit_price.minor_units, unit_price.currency_code);
    let price = Price {
        variant_id: variant.variant_id.clone(),
        unit_price: Some(unit_price),
        is_default,
        ..Default::default()
    };
    let request = CreatePriceRequest { request_id, price: Some(price) };
    let answer = CatalogServiceClient::new(staff(shop)).create_price(request).await?;
    Ok(answer.into_inner().price.expect("a price").price_id)
}

fn order(request_id: &str, item: Item, quantity: i32) -> orders::PlaceOrderRequest {
    orders::PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: vec![orders::PlaceOrderLine { item: Some(item), quantity }],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shopper_sends_is_refused_in_its_own_words() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let mut alice = OrderServiceClient::new(user(&shop, "alice"));

    // More money than there is, an unknown payment method, an unused currency.
    variant(&shop, "PALACE", 1_000_000_000_000).await;
    let palaces = alice.place_order(order("palaces", Item::Sku("PALACE".to_owned()), 1_001)).await;
    refused(palaces, "TOTAL_OVERFLOW", "");
    let visa = orders::PlaceOrderRequest {
        payment_method: "visa".to_owned(),
        ..order("visa", Item::Sku(SKU.to_owned()), 1)
    };
    refused(alice.place_order(visa).await, "UNKNOWN_PAYMENT_METHOD", "payment_method");
    let mug = variant(&shop, "MUG", 10_000).await;
    for currency_code in ["XXX", "XTS", "ZZZ"] {
        let money = Money { currency_code: currency_code.to_owned(), minor_units: 1 };
        let status = price(&shop, &mug, money, false).await.expect_err("no such money");
        assert_eq!(status.code(), Code::InvalidArgument, "{currency_code}: {status:?}");
    }

    // Two skus that look alike.
    for sku in ["TEA-1 ", " TEA-1", "TEA-1\u{200b}", "TEA-1\u{85}", "TEA-1\u{9f}"] {
        let line = order("looks-alike", Item::Sku(sku.to_owned()), 1);
        refused(alice.place_order(line).await, "INVALID_FIELD", "lines[0].sku");
    }

    // A page token that was changed, and a request id that was used for something else.
    let mut catalog = CatalogServiceClient::new(user(&shop, "alice"));
    let page = catalog
        .list_products(ListProductsRequest { page_size: 1, ..Default::default() })
        .await
        .expect("a page");
    let page_token = page.into_inner().next_page_token + "A";
    let changed = catalog
        .list_products(ListProductsRequest { page_size: 1, page_token, ..Default::default() })
        .await;
    refused(changed, "INVALID_PAGE_TOKEN", "page_token");
    alice.place_order(order("once", Item::Sku(SKU.to_owned()), 1)).await.expect("an order");
    let other = alice.place_order(order("once", Item::Sku(SKU.to_owned()), 2)).await;
    refused(other, "REQUEST_ID_REUSED", "");

    // A gift costs nothing, and may be expected to.
    variant(&shop, "GIFT", 0).await;
    let gift = orders::PlaceOrderRequest {
        expected_total: Some(gbp(0)),
        ..order("gift", Item::Sku("GIFT".to_owned()), 1)
    };
    let gift = alice.place_order(gift).await.expect("a free order").into_inner().order.expect("it");
    let paid = reaches(&shop, &gift.order_id, PaymentStatus::Paid).await;
    let mut client = OrderServiceClient::new(staff(&shop));
    let leave = orders::CreateFulfillmentRequest {
        request_id: "leave".to_owned(),
        order_id: paid.order_id.clone(),
        ..Default::default()
    };
    let left = client.create_fulfillment(leave).await.expect("it leaves").into_inner().order;
    assert_eq!(left.expect("an order").state(), orders::OrderState::Completed);
    let back = RefundOrderRequest {
        order_id: paid.order_id.clone(),
        request_id: "back".to_owned(),
        lines: vec![orders::RefundLine { line_number: 1, quantity: 1, ..Default::default() }],
        restock: orders::RestockPolicy::All.into(),
        ..Default::default()
    };
    let back = eventually(LIMIT, || async {
        OrderServiceClient::new(staff(&shop)).refund_order(back.clone()).await
    })
    .await;
    assert_eq!(back.into_inner().order.expect("an order").lines[0].returned_quantity, 1);
    audit(&shop).await;
}
