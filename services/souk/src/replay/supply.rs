//! What must be there before the first sale: the catalogue, its prices, and the goods.

use std::collections::HashMap;

use souk_chassis::StartError;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::types::v1::Money;
use souk_types::{PriceId, Timestamp};

use super::file::Source;
use super::plan::{Plan, Product};
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

/// Brings every product code of the file into the catalogue, at every price it was sold at. A repeat changes nothing.
pub async fn list_products(shop: &Shop, plan: &Plan) -> Result<Prices, StartError> {
    let items: Vec<_> = plan.products.iter().flat_map(imported).collect();
    for items in items.chunks(IMPORT_ITEMS) {
        let requests: Vec<_> =
            items.iter().map(|item| catalog::ImportProductsRequest { product: Some(item.clone()) }).collect();
        let answer = persist(|| {
            let (mut client, stream) = (shop.catalog.clone(), tokio_stream::iter(requests.clone()));
            async move { client.import_products(stream).await }
        });
        let answer = answer.await.map_err(|status| refusal("importing the products", &status))?;
        if answer.results.len() != items.len() {
            let (sent, told) = (items.len(), answer.results.len());
            return Err(StartError::new(format!("catalog told of {told} products where {sent} were imported")));
        }
        if let Some(error) =
            answer.results.iter().find_map(|result| Some((&result.external_key, result.error.as_ref()?)))
        {
            let (key, error) = error;
            let what =
                format!("catalog refused the product {key}: {}: {} {}", error.reason, error.field, error.message);
            return Err(StartError::new(what));
        }
    }
    find_prices(shop, plan).await
}

/// Names the price of every sku and amount, and has the catalogue confirm it before anything is sold.
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
            .map(|id| catalog::ResolveItem { item: Some(catalog::resolve_item::Item::PriceId(id.clone())) })
            .collect();
        let request = catalog::ResolvePricesRequest { items, currency_code: CURRENCY.to_owned() };
        let answer = persist(|| {
            let (mut client, request) = (shop.catalog.clone(), request.clone());
            async move { client.resolve_prices(request).await }
        });
        let found = answer.await.map_err(|status| refusal("looking up the imported prices", &status))?.prices;
        for (index, (wanted, id)) in wanted.iter().zip(ids).enumerate() {
            let is_it = |price: &catalog::ResolvedPrice| {
                price.sku == wanted.0 && price.unit_price.as_ref().is_some_and(|is| is.minor_units == wanted.1)
            };
            if !found.get(index).is_some_and(is_it) {
                let (sku, pence) = wanted;
                return Err(StartError::new(format!("catalog has no price of {pence} pence for {sku} under {id}")));
            }
            prices.insert(wanted.clone(), id);
        }
    }
    Ok(prices)
}

/// Returns the id of an imported price, as the contract of `ImportedPrice` derives it.
fn price_id(sku: &str, pence: i64) -> String {
    PriceId::derive(b"souk.catalog.price", &format!("{sku} {CURRENCY} {pence}")).to_string()
}

/// Returns a product as the catalogue imports it; several items when it has more prices than one can bring.
fn imported(product: &Product) -> Vec<catalog::ImportedProduct> {
    let item = |prices: &[(i64, Timestamp)]| catalog::ImportedProduct {
        external_key: product.sku.clone(),
        title: product.title.clone(),
        variants: vec![catalog::ImportedVariant {
            sku: product.sku.clone(),
            prices: prices
                .iter()
                .map(|(pence, since)| catalog::ImportedPrice {
                    unit_price: Some(money(*pence)),
                    effective_time: Some((*since).into()),
                    is_default: false,
                })
                .collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    if product.prices.is_empty() {
        return vec![item(&[])];
    }
    product.prices.chunks(VARIANT_PRICES).map(item).collect()
}

/// Receives as many units of every sku as the file sells, once for each file. Returns how many units this call received.
///
/// A receipt is found again by its time in the world, which no other receipt has: the day before the file begins, and
/// within it a microsecond that the file's digest chooses. Request ids alone would not do, because they are forgotten
/// after 7 days while movements are kept for ever. A call is taken whole or not at all, so that its first sku speaks for
/// all of them; and when a call is repeated at once after a lost answer, its request id keeps it from counting twice.
pub async fn receive_goods(shop: &Shop, plan: &Plan, source: &Source) -> Result<i64, StartError> {
    let Some(first) = plan.orders.iter().map(|order| order.time).min() else {
        return Ok(0);
    };
    let time = receipt_time(first, &source.sha256);
    let goods: Vec<_> = plan.products.iter().filter(|product| product.units > 0).collect();
    let mut received = 0;
    for (number, goods) in goods.chunks(CALL_ITEMS).enumerate() {
        if is_received(shop, &goods[0].sku, time).await? {
            continue;
        }
        let item = |product: &&Product| inventory::ReceivedItem {
            sku: product.sku.clone(),
            location_id: String::new(),
            quantity: product.units,
        };
        let request = inventory::ReceiveStockRequest {
            request_id: format!("retail-{}-{number}", source.sha256),
            items: goods.iter().map(item).collect(),
            effective_time: Some(time.into()),
        };
        let answer = persist(|| {
            let (mut client, request) = (shop.inventory.clone(), request.clone());
            async move { client.receive_stock(request).await }
        });
        answer.await.map_err(|status| refusal("receiving the goods", &status))?;
        received += goods.iter().map(|product| product.units).sum::<i64>();
    }
    Ok(received)
}

async fn is_received(shop: &Shop, sku: &str, time: Timestamp) -> Result<bool, StartError> {
    let mut request = inventory::ListMovementsRequest { sku: sku.to_owned(), page_size: 1_000, ..Default::default() };
    loop {
        let answer = persist(|| {
            let (mut client, request) = (shop.inventory.clone(), request.clone());
            async move { client.list_movements(request).await }
        });
        let page = answer.await.map_err(|status| refusal("looking for goods received before", &status))?;
        let is_it = |movement: &inventory::Movement| {
            movement.kind() == inventory::MovementKind::Received && movement.effective_time == Some(time.into())
        };
        if page.movements.iter().any(is_it) {
            return Ok(true);
        }
        if page.next_page_token.is_empty() {
            return Ok(false);
        }
        request.page_token = page.next_page_token;
    }
}

/// Returns a microsecond of the day before `first` that depends on the digest.
fn receipt_time(first: Timestamp, sha256: &str) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let digest = i64::from_str_radix(&sha256[..12], 16).expect("a digest is hexadecimal");
    let midnight = first.as_micros().div_euclid(DAY) * DAY;
    Timestamp::from_micros(midnight - DAY + digest % DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_with_many_prices_is_imported_in_parts() {
        let time = Timestamp::from_micros(0);
        let product = |prices| {
            let prices = (1..=prices).map(|pence| (pence, time)).collect();
            Product { sku: "85123A".to_owned(), title: "MUG".to_owned(), prices, units: 1 }
        };
        let prices =
            |product| -> Vec<usize> { imported(&product).iter().map(|item| item.variants[0].prices.len()).collect() };
        assert_eq!(prices(product(0)), [0]);
        assert_eq!(prices(product(200)), [200]);
        assert_eq!(prices(product(401)), [200, 200, 1]);
    }

    #[test]
    fn goods_arrive_the_day_before_at_a_time_of_the_files_own() {
        let first = Timestamp::from_micros(1_291_191_960_000_000);
        let one = receipt_time(first, "00000000000000ff");
        let other = receipt_time(first, "ffffffffffffffff");
        assert!(one.to_string().starts_with("2010-11-30T00:00:00"), "{one}");
        assert!(other.to_string().starts_with("2010-11-30T"), "{other}");
        assert_ne!(one, other);
    }
}
