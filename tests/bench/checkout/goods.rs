//! What is sold: a thousand articles, of which there are always enough.

use souk_chassis::Channel;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::operation::import_products;
use souk_client::orders::v1 as orders;
use souk_client::types::v1::Money;

pub const CURRENCY: &str = "GBP";
const ARTICLES: usize = 1_000;
const STOCK: i32 = 10_000_000;

/// Fills the catalogue and the shelves.
pub async fn deliver(staff: &Channel) {
    let products = (0..ARTICLES).map(product);
    let imported = import_products(staff.clone(), "bench", products).await;
    let results = imported.expect("the catalogue is imported");
    assert!(results.iter().all(|result| result.error.is_none()), "{results:?}");

    let items = (0..ARTICLES).map(|number| inventory::ReceivedItem {
        sku: sku(number),
        location_id: String::new(),
        quantity: STOCK,
    });
    let request = inventory::ReceiveStockRequest {
        request_id: "bench".to_owned(),
        items: items.collect(),
        effective_time: None,
    };
    InventoryServiceClient::new(staff.clone())
        .receive_stock(request)
        .await
        .expect("the stock is received");
}

/// Returns three lines of different articles, one to five of each.
pub fn three_lines() -> Vec<orders::PlaceOrderLine> {
    let first = rand::random_range(0..ARTICLES);
    let line = |step: usize| orders::PlaceOrderLine {
        item: Some(orders::place_order_line::Item::Sku(sku((first + step * 331) % ARTICLES))),
        quantity: rand::random_range(1..=5),
    };
    (0..3).map(line).collect()
}

fn sku(number: usize) -> String {
    format!("BENCH-{number:04}")
}

fn product(number: usize) -> catalog::ImportedProduct {
    let unit_price = Money { currency_code: CURRENCY.to_owned(), minor_units: 100 + number as i64 };
    let price =
        catalog::Price { unit_price: Some(unit_price), is_default: true, ..Default::default() };
    let variant = catalog::Variant { sku: sku(number), ..Default::default() };
    let product = catalog::Product {
        external_key: sku(number),
        title: format!("Article {number}"),
        ..Default::default()
    };
    catalog::ImportedProduct {
        product: Some(product),
        variants: vec![catalog::ImportedVariant { variant: Some(variant), prices: vec![price] }],
        ..Default::default()
    }
}
