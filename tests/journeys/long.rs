//! The longest order there may be, with the longest titles, through the whole shop: placed, read,
//! watched, published, sent and taken back, in messages that every client reads.

use std::time::Duration;

use prost::Message;
use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::events::v1 as events;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::subscribe_request::Request as Part;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::operation::import_products;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::types::v1::Money;
use souk_testkit::{ChildShop, Kafka, RabbitMq, connect_as};

/// The most lines of an order.
const LINES: usize = 5_000;

/// The price of each unit, in pence.
const PENCE: i64 = 100;

/// What a plain gRPC client reads.
const PLAIN: usize = 4 << 20;

/// How long anything may take on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

fn sku(number: usize) -> String {
    format!("LONG-{number:04}")
}

/// Puts as many products on sale as an order has lines, each with a title of 200 letters of four
/// bytes, and two units of each.
async fn open(shop: &ChildShop) {
    let staff = Caller::Staff("ann".to_owned());
    let product = |number| catalog::ImportedProduct {
        product: Some(catalog::Product {
            external_key: sku(number),
            title: "\u{1f375}".repeat(200),
            ..Default::default()
        }),
        variants: vec![catalog::ImportedVariant {
            variant: Some(catalog::Variant { sku: sku(number), ..Default::default() }),
            prices: vec![catalog::Price {
                unit_price: Some(Money { currency_code: "GBP".to_owned(), minor_units: PENCE }),
                is_default: true,
                ..Default::default()
            }],
        }],
        ..Default::default()
    };
    let channel = connect_as(&shop.url(), &staff);
    let imported = import_products(channel, "goods", (1..=LINES).map(product)).await.unwrap();
    assert!(imported.iter().all(|result| result.error.is_none()));

    let mut stock = InventoryServiceClient::new(connect_as(&shop.url(), &staff));
    let numbers: Vec<usize> = (1..=LINES).collect();
    for some in numbers.chunks(1000) {
        let item = |number: &usize| inventory::ReceivedItem {
            sku: sku(*number),
            location_id: String::new(),
            quantity: 2,
        };
        let request = inventory::ReceiveStockRequest {
            request_id: format!("delivery-{}", some[0]),
            items: some.iter().map(item).collect(),
            effective_time: None,
        };
        stock.receive_stock(request).await.unwrap();
    }
}

async fn sell_and_take_back(shop: ChildShop) {
    open(&shop).await;
    let alice = OrderServiceClient::new(connect_as(&shop.url(), &Caller::user("alice")));
    let staff = OrderServiceClient::new(connect_as(&shop.url(), &Caller::Staff("ann".to_owned())));

    let line = |number| orders::PlaceOrderLine {
        item: Some(orders::place_order_line::Item::Sku(sku(number))),
        quantity: 1,
    };
    let request = orders::PlaceOrderRequest {
        request_id: "long".to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: (1..=LINES).map(line).collect(),
        ..Default::default()
    };
    let placed = alice.clone().place_order(request).await.unwrap().into_inner().order.unwrap();
    let order_id = placed.order_id.clone();

    let watch = orders::WatchOrderRequest { order_id: order_id.clone(), ..Default::default() };
    let mut changes = alice.clone().watch_order(watch).await.unwrap().into_inner();
    let mut until = async |kind: orders::OrderChangeKind| {
        loop {
            let seen = tokio::time::timeout(LIMIT, changes.message())
                .await
                .expect("a change")
                .unwrap()
                .unwrap();
            assert!(seen.encoded_len() < PLAIN);
            if seen.change.unwrap().kind() == kind {
                return seen.order.unwrap();
            }
        }
    };
    let paid = until(orders::OrderChangeKind::Paid).await;
    assert_eq!((paid.line_count as usize, paid.lines.len()), (LINES, 200));
    assert_eq!(paid.total.unwrap().minor_units, LINES as i64 * PENCE);
    published(&shop, &order_id).await;

    let fulfill = orders::CreateFulfillmentRequest {
        request_id: "all".to_owned(),
        order_id: order_id.clone(),
        ..Default::default()
    };
    staff.clone().create_fulfillment(fulfill).await.unwrap();
    until(orders::OrderChangeKind::Fulfilled).await;
    let line =
        |number| orders::RefundLine { line_number: number, quantity: 1, ..Default::default() };
    let refund = orders::RefundOrderRequest {
        order_id: order_id.clone(),
        request_id: "all back".to_owned(),
        lines: (1..=LINES as i32).map(line).collect(),
        restock: orders::RestockPolicy::All.into(),
        ..Default::default()
    };
    let refunded = staff.clone().refund_order(refund).await.unwrap().into_inner();
    assert!(refunded.encoded_len() < PLAIN);
    until(orders::OrderChangeKind::RefundSucceeded).await;

    let mut returned = 0;
    let mut page_token = String::new();
    loop {
        let request = orders::ListOrderLinesRequest {
            order_id: order_id.clone(),
            page_size: 1000,
            page_token,
        };
        let page = alice.clone().list_order_lines(request).await.unwrap().into_inner();
        assert!(page.encoded_len() < PLAIN);
        returned += page.lines.iter().filter(|line| line.returned_quantity == 1).count();
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(returned, LINES);
    let mut stock =
        InventoryServiceClient::new(connect_as(&shop.url(), &Caller::Staff("ann".to_owned())));
    let request =
        inventory::BatchGetStockRequest { skus: vec![sku(LINES)], location_id: String::new() };
    let last = stock.batch_get_stock(request).await.unwrap().into_inner().stock.remove(0);
    assert_eq!((last.on_hand, last.reserved), (2, 0));
}

/// Waits until the bus has published that the order is paid, with its first lines and how many
/// there are.
async fn published(shop: &ChildShop, order_id: &str) {
    let start = events::SubscribeStart {
        event_types: vec!["souk.orders.v1.OrderPaid".to_owned()],
        start_position: Some(events::StartPosition {
            start: Some(events::start_position::Start::Boundary(
                events::LogBoundary::Earliest.into(),
            )),
        }),
        ..Default::default()
    };
    let request = events::SubscribeRequest { request: Some(Part::Start(start)) };
    let mut bus =
        EventServiceClient::new(connect_as(&shop.url(), &Caller::Staff("ann".to_owned())));
    let open = tokio_stream::StreamExt::chain(tokio_stream::once(request), tokio_stream::pending());
    let mut stream = bus.subscribe(open).await.unwrap().into_inner();
    let paid = tokio::time::timeout(LIMIT, async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            for event in message.deliveries.into_iter().filter_map(|delivery| delivery.event) {
                let paid = orders::OrderPaid::decode(event.data.clone()).unwrap();
                if paid.order.as_ref().is_some_and(|order| order.order_id == order_id) {
                    return event;
                }
            }
        }
    });
    let event = paid.await.expect("the order is published");
    assert!(event.encoded_len() < PLAIN);
    let order = orders::OrderPaid::decode(event.data).unwrap().order.unwrap();
    assert_eq!((order.line_count as usize, order.lines.len()), (LINES, 200));
}

async fn shop_with(settings: &[(&'static str, String)]) -> (ChildShop, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let shop =
        ChildShop::up(folder.path()).argument("--no-seed").environment("SOUK__LOG__LEVEL", "warn");
    let shop =
        settings.iter().fold(shop, |shop, (key, value)| shop.environment(*key, value.clone()));
    (shop.start().await, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_order_goes_through_the_whole_shop() {
    let (shop, _folder) = shop_with(&[]).await;
    sell_and_take_back(shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_order_goes_through_a_shop_on_rabbitmq() {
    if RabbitMq::is_available() {
        let broker = RabbitMq::start().await;
        let settings = [
            ("EVENTS__ENGINE__NAME", "rabbitmq".to_owned()),
            ("EVENTS__ENGINE__RABBITMQ__URL", broker.url()),
        ];
        let (shop, _folder) = shop_with(&settings).await;
        sell_and_take_back(shop).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_order_goes_through_a_shop_on_kafka() {
    if Kafka::is_available() {
        let broker = Kafka::start().await;
        let settings = [
            ("EVENTS__ENGINE__NAME", "kafka".to_owned()),
            ("EVENTS__ENGINE__KAFKA__BROKERS", broker.bootstrap()),
        ];
        let (shop, _folder) = shop_with(&settings).await;
        sell_and_take_back(shop).await;
    }
}
