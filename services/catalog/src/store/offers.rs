//! What something wanted costs: the hot path of every checkout, one statement whatever is asked.

use std::collections::HashMap;

use souk_data::{Arg, Reader, Row, ToArg};
use souk_types::{Currency, Money, PriceId};

use super::prices::currency_of;
use super::products::state_of;
use super::sql;
use crate::error::Error;
use crate::item::Wanted;
use crate::price::{Offer, OfferedPrice};

const COLUMNS: &str =
    "v.sku, v.variant_id, v.title AS variant_title, p.title AS product_title, p.state AS product_state,
    r.price_id, r.currency_code, r.minor_units, r.archive_time, d.price_id AS default_price_id";

/// What the catalogue has for some wanted things.
#[derive(Debug, Default)]
pub struct Offers {
    by_sku: HashMap<String, Offer>,
    by_price: HashMap<PriceId, Offer>,
}

impl Offers {
    /// Returns the offer for something wanted.
    pub fn get(&self, wanted: &Wanted) -> Option<&Offer> {
        match wanted {
            Wanted::Sku(sku) => self.by_sku.get(sku),
            Wanted::Price(id) => self.by_price.get(id),
        }
    }
}

/// Returns what there is for these: of a sku its default price in the currency, of a price id that price.
pub async fn find(reader: &Reader, wanted: &[Wanted], currency: Currency) -> Result<Offers, Error> {
    let skus: Vec<Arg<'_>> = distinct(wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Sku(sku) => Some(sku),
        Wanted::Price(_) => None,
    }));
    let prices: Vec<Arg<'_>> = distinct(wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Price(id) => Some(id),
        Wanted::Sku(_) => None,
    }));
    let (skus, prices) = (sql::padded(skus), sql::padded(prices));

    let (mut parts, mut values) = (Vec::new(), Vec::with_capacity(skus.len() + prices.len() + 1));
    if !skus.is_empty() {
        values.push(Arg::Text(Some(currency.as_str())));
        parts.push(format!(
            "SELECT {COLUMNS}, CAST(0 AS BIGINT) AS is_by_price
             FROM variants v
             JOIN products p ON p.product_id = v.product_id
             LEFT JOIN default_prices d ON d.variant_id = v.variant_id AND d.currency_code = $1
             LEFT JOIN prices r ON r.price_id = d.price_id
             WHERE v.sku IN {}",
            sql::list(2, skus.len())
        ));
        values.extend(skus);
    }
    if !prices.is_empty() {
        parts.push(format!(
            "SELECT {COLUMNS}, CAST(1 AS BIGINT) AS is_by_price
             FROM prices r
             JOIN variants v ON v.variant_id = r.variant_id
             JOIN products p ON p.product_id = v.product_id
             LEFT JOIN default_prices d ON d.variant_id = r.variant_id AND d.currency_code = r.currency_code
             WHERE r.price_id IN {}",
            sql::list(values.len() + 1, prices.len())
        ));
        values.extend(prices);
    }
    let mut offers = Offers::default();
    for row in &reader.query(&parts.join(" UNION ALL "), &values).await? {
        let offer = offer_of(row)?;
        match (row.get("is_by_price")?, offer.price) {
            (true, Some(price)) => offers.by_price.insert(price.id, offer),
            _ => offers.by_sku.insert(offer.sku.clone(), offer),
        };
    }
    Ok(offers)
}

fn distinct<'a, T: ToArg + Ord + 'a>(values: impl Iterator<Item = &'a T>) -> Vec<Arg<'a>> {
    let mut values: Vec<&T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values.into_iter().map(ToArg::to_arg).collect()
}

fn offer_of(row: &Row) -> Result<Offer, Error> {
    let price = match row.get::<Option<PriceId>>("price_id")? {
        Some(id) => Some(OfferedPrice {
            id,
            amount: Money::new(currency_of(row)?, row.get("minor_units")?),
            is_archived: row.get::<Option<i64>>("archive_time")?.is_some(),
            is_default: row.get::<Option<PriceId>>("default_price_id")? == Some(id),
        }),
        None => None,
    };
    Ok(Offer {
        variant: row.get("variant_id")?,
        sku: row.get("sku")?,
        product_title: row.get("product_title")?,
        variant_title: row.get("variant_title")?,
        product_state: state_of(row, "product_state")?,
        price,
    })
}
