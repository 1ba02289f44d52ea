//! What must exist before a sale: the catalogue with its prices, and the goods of each order.

use std::collections::{BTreeMap, HashMap, HashSet};

use prost::Message as _;
use sha2::{Digest, Sha256};
use souk_chassis::StartError;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::operation::{import_stream, response_of};
use souk_client::operations::v1::WaitOperationRequest;
use souk_client::types::v1::Money;
use souk_types::{PriceId, Timestamp};
use tonic::Status;

use super::plan::{Order, Plan, Product};
use super::sell::PREFIX;
use super::shop::{Shop, persist, refusal};

/// The currency of the file.
pub const CURRENCY: &str = "GBP";

/// The most products of one import, prices of one variant, and items of the other calls.
const IMPORT_ITEMS: usize = 10_000;
const VARIANT_PRICES: usize = 200;
const CALL_ITEMS: usize = 1_000;

/// The price ids of the catalogue by sku and pence.
pub type Prices = HashMap<(String, i64), String>;

/// Returns an amount of the file's currency.
pub fn money(pence: i64) -> Money {
    Money { currency_code: CURRENCY.to_owned(), minor_units: pence }
}

/// Brings every product code of the file into the catalogue, at every price it was sold at. A
/// repeat changes nothing.
pub async fn list_products(shop: &Shop, plan: &Plan) -> Result<Prices, StartError> {
    let items: Vec<_> = plan.products.iter().flat_map(imported).collect();
    for items in items.chunks(IMPORT_ITEMS) {
        let answer = import(shop, items).await;
        let answer = answer.map_err(|status| refusal("importing the products", &status))?;
        if answer.results.len() != items.len() {
            let sent = items.len();
            let told = answer.results.len();
            return Err(StartError::new(format!(
                "catalog reported {told} products, but {sent} were imported"
            )));
        }
        if let Some(error) = answer
            .results
            .iter()
            .find_map(|result| Some((&result.external_key, result.error.as_ref()?)))
        {
            let (key, error) = error;
            let what = format!(
                "catalog refused the product {key}: {}: {} {}",
                error.reason().as_str_name(),
                error.field,
                error.message
            );
            return Err(StartError::new(what));
        }
    }
    find_prices(shop, plan).await
}

/// Imports some products, under an id that is their own: a repeat returns the same operation.
async fn import(
    shop: &Shop,
    items: &[catalog::ImportedProduct],
) -> Result<catalog::ImportProductsResult, Status> {
    let mut digest = Sha256::new();
    for item in items {
        digest.update(item.encode_length_delimited_to_vec());
    }
    let digest = digest.finalize();
    let digest = u128::from_be_bytes(*digest.first_chunk().expect("a digest is 32 bytes"));
    let request_id = format!("{PREFIX}products-{digest:032x}");
    let requests = import_stream(&request_id, items.iter().cloned());
    let started = persist(|| {
        let mut client = shop.catalog.clone();
        let stream = tokio_stream::iter(requests.clone());
        async move { client.import_products(stream).await }
    });
    let operation = started.await?.operation.unwrap_or_default();
    let wait = |request: WaitOperationRequest| {
        persist(move || {
            let mut client = shop.operations.clone();
            let request = request.clone();
            async move { client.wait_operation(request).await }
        })
    };
    response_of(operation, wait).await
}

/// Names the price of every sku and amount, and has the catalogue confirm it before anything is
/// sold.
async fn find_prices(shop: &Shop, plan: &Plan) -> Result<Prices, StartError> {
    let sold_at = |product: &Product| {
        let sku = product.sku.clone();
        product.prices.iter().map(move |(pence, _)| (sku.clone(), *pence)).collect::<Vec<_>>()
    };
    let wanted: Vec<(String, i64)> = plan.products.iter().flat_map(sold_at).collect();
    let mut prices = Prices::with_capacity(wanted.len());
    for wanted in wanted.chunks(CALL_ITEMS) {
        let ids: Vec<String> = wanted.iter().map(|(sku, pence)| price_id(sku, *pence)).collect();
        let items = ids
            .iter()
            .map(|id| catalog::ResolveItem {
                item: Some(catalog::resolve_item::Item::PriceId(id.clone())),
            })
            .collect();
        let currency_code = CURRENCY.to_owned();
        let request = catalog::ResolvePricesRequest { items, currency_code, ..Default::default() };
        let answer = persist(|| {
            let mut client = shop.catalog.clone();
            let request = request.clone();
            async move { client.resolve_prices(request).await }
        });
        let found = answer
            .await
            .map_err(|status| refusal("looking up the imported prices", &status))?
            .prices;
        for (index, (wanted, id)) in wanted.iter().zip(ids).enumerate() {
            let is_it = |price: &catalog::ResolvedPrice| {
                price.sku == wanted.0
                    && price.unit_price.as_ref().is_some_and(|is| is.minor_units == wanted.1)
            };
            if !found.get(index).is_some_and(is_it) {
                let (sku, pence) = wanted;
                return Err(StartError::new(format!(
                    "catalog has no price of {pence} pence for {sku} under {id}"
                )));
            }
            prices.insert(wanted.clone(), id);
        }
    }
    Ok(prices)
}

/// Returns the id of an imported price, as the contract of `ImportedVariant` derives it.
fn price_id(sku: &str, pence: i64) -> String {
    PriceId::derive(b"souk.catalog.price", &format!("{sku} {CURRENCY} {pence}")).to_string()
}

/// Returns a product as the catalogue imports it; several items when it has more prices than one
/// can bring.
fn imported(product: &Product) -> Vec<catalog::ImportedProduct> {
    let item = |prices: &[(i64, Timestamp)]| catalog::ImportedProduct {
        product: Some(catalog::Product {
            external_key: product.sku.clone(),
            title: product.title.clone(),
            ..Default::default()
        }),
        variants: vec![catalog::ImportedVariant {
            variant: Some(catalog::Variant { sku: product.sku.clone(), ..Default::default() }),
            prices: prices
                .iter()
                .map(|(pence, since)| catalog::Price {
                    unit_price: Some(money(*pence)),
                    effective_time: Some((*since).into()),
                    ..Default::default()
                })
                .collect(),
        }],
        ..Default::default()
    };
    if product.prices.is_empty() {
        return vec![item(&[])];
    }
    product.prices.chunks(VARIANT_PRICES).map(item).collect()
}

/// Receives the goods of each order before it is sold, once for its invoice whichever file contains
/// it.
///
/// A receipt is found again by its time in the world, which no other receipt has: the day before
/// the sale, and within it a microsecond that the invoice chooses. Request ids alone would not do,
/// because they are forgotten after 7 days while movements are kept; they keep a call that is
/// repeated at once, after a lost response, from counting twice.
pub struct Goods {
    shop: Shop,
    /// The times of all receipts that existed when the replay began.
    received: HashSet<Timestamp>,
}

impl Goods {
    /// Reads which goods were received before.
    pub async fn of(shop: &Shop) -> Result<Goods, StartError> {
        let mut received = HashSet::new();
        let mut request = inventory::ListMovementsRequest {
            page_size: 1_000,
            kinds: vec![inventory::MovementKind::Received.into()],
            ..Default::default()
        };
        loop {
            let answer = persist(|| {
                let mut client = shop.inventory.clone();
                let request = request.clone();
                async move { client.list_movements(request).await }
            });
            let page = answer
                .await
                .map_err(|status| refusal("looking for goods received before", &status))?;
            received.extend(
                page.movements
                    .iter()
                    .filter_map(|movement| Timestamp::try_from(movement.effective_time?).ok()),
            );
            if page.next_page_token.is_empty() {
                return Ok(Goods { shop: shop.clone(), received });
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Receives what the order will sell, unless that was done before.
    pub async fn receive(&self, order: &Order) -> Result<(), StartError> {
        let mut units = BTreeMap::<&str, i64>::new();
        for line in &order.lines {
            *units.entry(&line.sku).or_default() += line.quantity;
        }
        let units: Vec<_> = units.into_iter().collect();
        for (number, units) in units.chunks(CALL_ITEMS).enumerate() {
            let time = receipt_time(order, number);
            if self.received.contains(&time) {
                continue;
            }
            let item = |(sku, units): &(&str, i64)| inventory::ReceivedItem {
                sku: (*sku).to_owned(),
                location_id: String::new(),
                quantity: i32::try_from(*units).unwrap_or(i32::MAX),
            };
            let request = inventory::ReceiveStockRequest {
                request_id: format!("{PREFIX}{}-goods-{number}", order.invoice),
                items: units.iter().map(item).collect(),
                effective_time: Some(time.into()),
            };
            let answer = persist(|| {
                let mut client = self.shop.inventory.clone();
                let request = request.clone();
                async move { client.receive_stock(request).await }
            });
            let what = || format!("{}: receiving its goods", order.place());
            answer.await.map_err(|status| refusal(&what(), &status))?;
        }
        Ok(())
    }
}

/// Returns a microsecond of the day before the order that its invoice and the number of the call
/// choose.
fn receipt_time(order: &Order, number: usize) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let digest = Sha256::digest(format!("{} {number}", order.invoice));
    let digest = u64::from_be_bytes(*digest.first_chunk().expect("a digest is 32 bytes"));
    let day = order.time.as_micros().div_euclid(DAY) - 1;
    Timestamp::from_micros(day * DAY + (digest % DAY.unsigned_abs()).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_with_many_prices_is_imported_in_parts() {
        let time = Timestamp::from_micros(0);
        let product = |prices| {
            let prices = (1..=prices).map(|pence| (pence, time)).collect();
            Product { sku: "85123A".to_owned(), title: "MUG".to_owned(), prices }
        };
        let prices = |product| -> Vec<usize> {
            imported(&product).iter().map(|item| item.variants[0].prices.len()).collect()
        };
        assert_eq!(prices(product(0)), [0]);
        assert_eq!(prices(product(200)), [200]);
        assert_eq!(prices(product(401)), [200, 200, 1]);
    }

    #[test]
    fn goods_arrive_the_day_before_at_a_time_of_the_invoices_own() {
        let order = |invoice: &str| Order {
            invoice: invoice.to_owned(),
            customer: String::new(),
            time: Timestamp::from_micros(1_291_191_960_000_000),
            line: 2,
            lines: vec![],
            refunds: vec![],
        };
        let times = [
            receipt_time(&order("536365"), 0),
            receipt_time(&order("536365"), 1),
            receipt_time(&order("536366"), 0),
        ];
        for time in times {
            assert!(time.to_string().starts_with("2010-11-30T"), "{time}");
        }
        assert_eq!(HashSet::from(times).len(), 3);
    }
}
