//! Forged events, prices, totals, approvals, tokens and foreign ids at a whole shop: each is
//! refused, the reason and the field at fault are named, and no row of any database has changed.
//!
//! What the contract says by itself is tried elsewhere, for every method: tests/conformance asks as
//! each kind of caller with and without the scopes, as another user and another guest about each
//! thing that `own` names (customers, orders, payments, fulfillments), and sets each field that is
//! for others (`set_by`, such as `effective_time`). Here is what only the services know.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::events::v1 as events;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{Order, OrderState, PaymentStatus};
use souk_client::types::v1::Money;
use souk_testkit::{
    CallerChannel, ChildShop, eventually, field_violations, metadata_of, reason_of,
};
use souk_types::{Clock, EventId};
use tonic::{Code, Response, Status};

use crate::dump::Dump;
use crate::shop::{LIMIT, SKU, audit, staff, user};

/// With what the provider of these shops signs.
pub const WEBHOOK_SECRET: &str = "what only the provider of this shop knows";

/// The tables that a rejected order adds to: itself, its end, and that nothing may be paid or held
/// for it any more. The first has the next order number.
const OF_A_REJECTED_ORDER: [&str; 10] = [
    "orders/order_numbers",
    "orders/orders",
    "orders/order_lines",
    "orders/order_history",
    "orders/journal",
    "orders/sagas",
    "payments/payments",
    "inventory/reservation",
    "events/log_event",
    "payments/attempts",
];

/// A shop, and what it had written down before it was lied to.
pub struct Scene {
    pub shop: ChildShop,
    before: Dump,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// Starts a shop.
    pub async fn open() -> Scene {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shop = ChildShop::up(folder.path())
            .environment("SOUK__LOG__LEVEL", "warn")
            .environment("PAYMENTS__SIMULATOR__WEBHOOK_SECRET", WEBHOOK_SECRET)
            .start()
            .await;
        Scene { shop, before: Dump::default(), _folder: folder }
    }

    /// Takes what is written now for the truth.
    pub async fn rest(&mut self) {
        self.before = Dump::at_rest(&self.shop).await;
    }

    /// Checks that every row is as it was.
    ///
    /// # Panics
    /// When one is not; `after` says after what.
    #[track_caller]
    pub fn nothing_changed(&self, after: &str) {
        let changes = self.before.differences(&Dump::of(&self.shop));
        assert!(changes.is_empty(), "{after} has changed:\n{}", changes.join("\n"));
    }

    /// Checks that a lie is refused with this reason, which names this field if one is at fault,
    /// and that nothing has changed.
    ///
    /// # Panics
    /// When it is believed, or refused in other words.
    #[track_caller]
    pub fn refused<T>(
        &self,
        lie: &str,
        answer: Result<Response<T>, Status>,
        (code, reason, field): Refusal<'_>,
    ) -> Status {
        let status = answer.err().unwrap_or_else(|| panic!("{lie} was believed"));
        let told = (status.code(), reason_of(&status));
        assert_eq!(told, (code, format!("ERROR_REASON_{reason}")), "{lie}: {status:?}");
        let fields: Vec<String> =
            field_violations(&status).into_iter().map(|violation| violation.field).collect();
        let expected = if field.is_empty() { vec![] } else { vec![field.to_owned()] };
        assert_eq!(fields, expected, "{lie}: {status:?}");
        self.nothing_changed(lie);
        status
    }

    /// Checks that an order is rejected for this reason, which names this field, and that nothing
    /// else has changed but the order.
    async fn rejected(&mut self, lie: &str, request: orders::PlaceOrderRequest, says: Refusal<'_>) {
        let (code, reason, field) = says;
        let answer = self.orders("alice").place_order(request).await;
        let status = answer.err().unwrap_or_else(|| panic!("{lie} was believed"));
        let told = (status.code(), reason_of(&status));
        assert_eq!(told, (code, format!("ERROR_REASON_{reason}")), "{lie}: {status:?}");
        let violations = field_violations(&status);
        let fields: Vec<&str> = violations.iter().map(|one| one.field.as_str()).collect();
        let expected = if field.is_empty() { vec![] } else { vec![field] };
        assert_eq!(fields, expected, "{lie}: {status:?}");
        let order = self.order(&metadata_of(&status)["order_id"]).await;
        let axes = (order.state(), order.payment_status());
        assert_eq!(axes, (OrderState::Rejected, PaymentStatus::Unpaid), "{lie}: {order:?}");
        let after = Dump::at_rest(&self.shop).await;
        let changes = self.before.differences_but_new(&after, &OF_A_REJECTED_ORDER);
        let counts =
            ["- orders/order_numbers: ", "- events/log_partition: ", "+ events/log_partition: "];
        let is_count = |change: &String| counts.iter().any(|count| change.starts_with(count));
        let changes: Vec<String> = changes.into_iter().filter(|one| !is_count(one)).collect();
        assert!(changes.is_empty(), "{lie} has changed:\n{}", changes.join("\n"));
        self.before = after;
    }

    /// A customer, at the orders service.
    pub fn orders(&self, name: &str) -> OrderServiceClient<CallerChannel> {
        OrderServiceClient::new(user(&self.shop, name))
    }

    /// The staff, at the orders service.
    pub fn of_staff(&self) -> OrderServiceClient<CallerChannel> {
        OrderServiceClient::new(staff(&self.shop))
    }

    /// A service of another team, which may do all that a service may.
    pub fn acme(&self) -> CallerChannel {
        self.shop.channel_as(&Caller::Service("acme".to_owned()))
    }

    /// Reads an order as it is now.
    pub async fn order(&self, order_id: &str) -> Order {
        let request = orders::GetOrderRequest { order_id: order_id.to_owned() };
        let order = self.of_staff().get_order(request).await.expect("an order");
        order.into_inner().order.expect("it")
    }

    /// Lets a customer buy, and waits until the order's money is there.
    pub async fn sell(&self, name: &str, method: &str, at: PaymentStatus) -> Order {
        let request = purchase(&format!("{name}-{method}"), Item::Sku(SKU.to_owned()));
        let request = orders::PlaceOrderRequest { payment_method: method.to_owned(), ..request };
        let order = self.orders(name).place_order(request).await.expect("an order").into_inner();
        let order_id = order.order.expect("it").order_id;
        eventually(LIMIT, || async {
            let order = self.order(&order_id).await;
            if order.payment_status() == at { Ok(order) } else { Err(format!("{order:?}")) }
        })
        .await
    }
}

/// A code, a reason and a field.
pub type Refusal<'a> = (Code, &'a str, &'a str);

/// Returns an amount.
pub fn money(currency_code: &str, minor_units: i64) -> Money {
    Money { currency_code: currency_code.to_owned(), minor_units }
}

/// Returns a request for three units of something.
pub fn purchase(request_id: &str, item: Item) -> orders::PlaceOrderRequest {
    orders::PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: vec![orders::PlaceOrderLine { item: Some(item), quantity: 3 }],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_publishes_no_event_of_another_and_touches_no_subscription_of_it() {
    let mut scene = Scene::open().await;
    let pool = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET).expect("descriptors");
    let of_events = pool.files().filter(|file| file.name().ends_with("/events.proto"));
    let types: Vec<String> = of_events
        .flat_map(|file| {
            file.messages().map(|message| message.full_name().to_owned()).collect::<Vec<_>>()
        })
        .filter(|name| name.starts_with("souk."))
        .collect();
    assert!(types.len() > 15, "{types:?}");
    scene.rest().await;
    let publishers =
        ["orders", "payments", "inventory", "catalog", "events", "recommendations", "acme"];
    for publisher in publishers {
        let own = format!("souk.{publisher}.v1.");
        let forged: Vec<events::Event> = types
            .iter()
            .filter(|kind| !kind.starts_with(&own))
            .map(|kind| events::Event {
                id: EventId::new(Clock::system().now()).to_string(),
                r#type: kind.clone(),
                ..Default::default()
            })
            .collect();
        let service = scene.shop.channel_as(&Caller::Service(publisher.to_owned()));
        let request = events::PublishEventsRequest { events: forged.clone() };
        let answer = EventServiceClient::new(service).publish_events(request).await;
        let results = answer.expect("an answer for each event").into_inner().results;
        assert_eq!(results.len(), forged.len());
        for (event, result) in forged.iter().zip(results) {
            use events::publish_result::Result as Outcome;
            let Some(Outcome::Failure(failure)) = result.result else {
                panic!("{publisher} published {}: {result:?}", event.r#type)
            };
            assert_eq!(failure.reason(), events::ErrorReason::TypeNotYours, "{failure:?}");
            assert!(!failure.retryable, "{failure:?}");
        }
        scene.nothing_changed(publisher);
    }

    let all = events::ListSubscriptionsRequest::default();
    let all = EventServiceClient::new(staff(&scene.shop)).list_subscriptions(all).await;
    let all = all.expect("the subscriptions of the shop").into_inner().subscriptions;
    let theirs = all.iter().find(|one| one.subscription_id.starts_with("payments"));
    let theirs = theirs.unwrap_or_else(|| panic!("payments listens: {all:?}")).clone();
    let subscription_id = theirs.subscription_id.clone();
    let mut acme = EventServiceClient::new(scene.acme());
    // That of another is as if it were not there.
    let hidden = (Code::NotFound, "SUBSCRIPTION_NOT_FOUND", "");
    let pull = events::PullEventsRequest {
        subscription_id: subscription_id.clone(),
        ..Default::default()
    };
    scene.refused("a pull", acme.pull_events(pull).await, hidden);
    let acknowledge = events::AcknowledgeEventsRequest {
        subscription_id: subscription_id.clone(),
        ack_ids: vec!["forged".to_owned()],
        ..Default::default()
    };
    scene.refused("an acknowledgement", acme.acknowledge_events(acknowledge).await, hidden);
    let update = events::UpdateSubscriptionRequest {
        subscription: Some(events::Subscription { event_types: vec![], ..theirs }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["event_types".to_owned()] }),
    };
    scene.refused("an update", acme.update_subscription(update).await, hidden);
    let delete = events::DeleteSubscriptionRequest { subscription_id: subscription_id.clone() };
    // So there is nothing to delete, which is what a repeated deletion finds too.
    acme.delete_subscription(delete).await.expect("it is not there for them");
    scene.nothing_changed("a deletion");
    audit(&scene.shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_chooses_no_price_and_no_total() {
    let mut scene = Scene::open().await;
    let mut clerk = CatalogServiceClient::new(staff(&scene.shop));
    let product = catalog::Product { title: "A mug".to_owned(), ..Default::default() };
    let create =
        catalog::CreateProductRequest { request_id: "mug".to_owned(), product: Some(product) };
    let product = clerk.create_product(create).await.expect("a product").into_inner().product;
    let product_id = product.expect("it").product_id;
    let variant = catalog::Variant {
        product_id: product_id.clone(),
        sku: "MUG".to_owned(),
        ..Default::default()
    };
    let create =
        catalog::CreateVariantRequest { request_id: "mug".to_owned(), variant: Some(variant) };
    let variant = clerk.create_variant(create).await.expect("a variant").into_inner().variant;
    let variant_id = variant.expect("it").variant_id;
    let mut prices = BTreeMap::new();
    for (name, unit_price, is_default, audience) in [
        ("usual", money("GBP", 1_000), true, catalog::PriceAudience::Public),
        ("staff", money("GBP", 1), false, catalog::PriceAudience::Restricted),
        ("old", money("GBP", 2), false, catalog::PriceAudience::Public),
        ("yen", money("JPY", 3), true, catalog::PriceAudience::Public),
    ] {
        let price = catalog::Price {
            variant_id: variant_id.clone(),
            unit_price: Some(unit_price),
            is_default,
            audience: audience.into(),
            ..Default::default()
        };
        let create =
            catalog::CreatePriceRequest { request_id: name.to_owned(), price: Some(price) };
        let price = clerk.create_price(create).await.expect("a price").into_inner().price;
        prices.insert(name, price.expect("it").price_id);
    }
    let archive = catalog::ArchivePriceRequest {
        request_id: "old".to_owned(),
        price_id: prices["old"].clone(),
    };
    clerk.archive_price(archive).await.expect("an archived price");
    scene.rest().await;

    // What is not on sale yet has no price for shoppers, whichever they name.
    let with = |name: &str, item: Item| {
        let mut request = purchase(name, Item::Sku(SKU.to_owned()));
        request.lines.push(orders::PlaceOrderLine { item: Some(item), quantity: 1 });
        request
    };
    let at = |name: &str| with(name, Item::PriceId(prices[name].clone()));
    let draft = (Code::FailedPrecondition, "NOT_FOR_SALE", "lines[1].price_id");
    scene
        .rejected(
            "a price of a draft",
            orders::PlaceOrderRequest { request_id: "draft".to_owned(), ..at("usual") },
            draft,
        )
        .await;
    let publish = catalog::PublishProductRequest {
        request_id: "mug".to_owned(),
        product_id,
        ..Default::default()
    };
    clerk.publish_product(publish).await.expect("a published product");
    scene.rest().await;
    let unknown = prices["usual"].replace(|one: char| one.is_ascii_digit(), "7");
    for (lie, request, says) in [
        (
            "a price for others",
            at("staff"),
            (Code::PermissionDenied, "PRICE_NOT_ALLOWED", "lines[1].price_id"),
        ),
        (
            "an archived price",
            at("old"),
            (Code::FailedPrecondition, "PRICE_ARCHIVED", "lines[1].price_id"),
        ),
        (
            "a price of another currency",
            at("yen"),
            (Code::FailedPrecondition, "CURRENCY_MISMATCH", "lines[1].price_id"),
        ),
        (
            "a price that is not there",
            with("none", Item::PriceId(unknown)),
            (Code::FailedPrecondition, "PRICE_NOT_FOUND", "lines[1].price_id"),
        ),
        (
            "a total of a shopper's",
            orders::PlaceOrderRequest {
                expected_total: Some(money("GBP", 1)),
                ..with("total", Item::Sku("MUG".to_owned()))
            },
            (Code::FailedPrecondition, "PRICE_CHANGED", ""),
        ),
    ] {
        scene.rejected(lie, request, says).await;
    }

    let total = |total| orders::PlaceOrderRequest {
        expected_total: Some(total),
        ..purchase("refused", Item::Sku(SKU.to_owned()))
    };
    let wrong = |field| (Code::InvalidArgument, "INVALID_FIELD", field);
    let mut alice = scene.orders("alice");
    for (lie, total, field) in [
        ("a total of another currency", total(money("EUR", 1_770)), "expected_total.currency_code"),
        ("a total of no currency", total(money("XXX", 1_770)), "expected_total.currency_code"),
        ("a total below nothing", total(money("GBP", -1)), "expected_total.minor_units"),
    ] {
        scene.refused(lie, alice.place_order(total).await, wrong(field));
    }
    audit(&scene.shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_of_the_order_and_within_it() {
    let mut scene = Scene::open().await;
    let paid = scene.sell("alice", "tok_approved", PaymentStatus::Paid).await;
    let later = orders::PlaceOrderRequest {
        capture_method: orders::CaptureMethod::Manual.into(),
        ..purchase("later", Item::Sku(SKU.to_owned()))
    };
    let later = scene.orders("alice").place_order(later).await.expect("an order").into_inner();
    let later = later.order.expect("it");
    scene.rest().await;
    let mut clerk = scene.of_staff();
    let capture = |amount| orders::CaptureOrderRequest {
        order_id: later.order_id.clone(),
        request_id: "capture".to_owned(),
        amount: Some(amount),
    };
    let foreign = |field| (Code::InvalidArgument, "INVALID_FIELD", field);
    let exceeds = (Code::FailedPrecondition, "CAPTURE_EXCEEDS_ORDER", "amount");
    for (amount, says) in
        [(money("EUR", 1), foreign("amount.currency_code")), (money("GBP", 1_771), exceeds)]
    {
        let lie = format!("a capture of {amount:?}");
        scene.refused(&lie, clerk.capture_order(capture(amount)).await, says);
    }

    let refund =
        |amount: Option<Money>, lines: Vec<orders::RefundLine>| orders::RefundOrderRequest {
            order_id: paid.order_id.clone(),
            request_id: "refund".to_owned(),
            amount,
            lines,
            ..Default::default()
        };
    let line = |line_number, quantity, amount: Option<Money>| orders::RefundLine {
        line_number,
        quantity,
        amount,
        ..Default::default()
    };
    let exceeds = |field| (Code::FailedPrecondition, "REFUND_EXCEEDS_ORDER", field);
    for (lie, request, says) in [
        (
            "another currency",
            refund(Some(money("EUR", 1)), vec![]),
            foreign("amount.currency_code"),
        ),
        ("more than was paid", refund(Some(money("GBP", 1_771)), vec![]), exceeds("amount")),
        (
            "a line in another currency",
            refund(None, vec![line(1, 1, Some(money("EUR", 1)))]),
            foreign("lines[0].amount.currency_code"),
        ),
        (
            "more units than were sold",
            refund(None, vec![line(1, 4, None)]),
            exceeds("lines[0].quantity"),
        ),
        (
            "a line that is not there",
            refund(None, vec![line(2, 1, None)]),
            (Code::InvalidArgument, "LINE_NOT_FOUND", "lines[0].line_number"),
        ),
    ] {
        scene.refused(lie, clerk.refund_order(request).await, says);
    }
    let parcel = |lines: Vec<orders::FulfillmentLine>| orders::CreateFulfillmentRequest {
        request_id: "parcel".to_owned(),
        order_id: paid.order_id.clone(),
        fulfillment: Some(orders::Fulfillment { lines, ..Default::default() }),
        effective_time: None,
    };
    let unit = |line_number, quantity| orders::FulfillmentLine { line_number, quantity };
    let open = (Code::FailedPrecondition, "EXCEEDS_OPEN_UNITS", "fulfillment.lines[0].quantity");
    scene.refused(
        "a parcel of more",
        clerk.create_fulfillment(parcel(vec![unit(1, 4)])).await,
        open,
    );
    let none = (Code::InvalidArgument, "LINE_NOT_FOUND", "fulfillment.lines[0].line_number");
    scene.refused(
        "a parcel of nothing",
        clerk.create_fulfillment(parcel(vec![unit(2, 1)])).await,
        none,
    );
    audit(&scene.shop).await;
}
