//! Prices of the requested items: the hot path of every checkout, one statement for any request.

use std::collections::HashMap;

use sea_orm::{FromQueryResult, raw_sql};
use souk_data::{Reader, rows};
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use super::prices;
use crate::error::Error;
use crate::item::Wanted;
use crate::price::{Offer, OfferedPrice};
use crate::price_audience::PriceAudience;
use crate::state::State;
use crate::variant_state::VariantState;

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

/// A variant, and a price of it: its default price, or the price that was asked for.
#[derive(FromQueryResult)]
struct Row {
    sku: String,
    variant_id: VariantId,
    product_id: ProductId,
    variant_title: String,
    product_title: String,
    product_state: State,
    variant_state: VariantState,
    price_id: Option<PriceId>,
    currency_code: Option<String>,
    minor_units: Option<i64>,
    audience: Option<PriceAudience>,
    channel: Option<String>,
    archive_time: Option<Timestamp>,
    default_price_id: Option<PriceId>,
    /// 1 when a price was asked for, 0 when a sku was.
    is_by_price: i64,
}

impl TryFrom<Row> for Offer {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let price = match (row.price_id, row.currency_code, row.minor_units, row.audience) {
            (Some(id), Some(code), Some(minor_units), Some(audience)) => Some(OfferedPrice {
                id,
                amount: Money::new(prices::currency(&code)?, minor_units),
                audience,
                is_archived: row.archive_time.is_some(),
                is_default: row.default_price_id == Some(id),
            }),
            // These columns are never NULL, so there is no price.
            _ => None,
        };
        Ok(Offer {
            variant: row.variant_id,
            product: row.product_id,
            sku: row.sku,
            product_title: row.product_title,
            variant_title: row.variant_title,
            product_state: row.product_state,
            variant_state: row.variant_state,
            price,
            channel: row.channel.unwrap_or_default(),
        })
    }
}

/// Returns what there is for these: of a sku its default price in the currency for the channel,
/// else the one for every channel; of a price id that price.
pub async fn find(
    reader: &Reader,
    wanted: &[Wanted],
    currency: Currency,
    channel: &str,
) -> Result<Offers, Error> {
    let skus = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Sku(sku) => Some(sku.as_str()),
        Wanted::Price(_) => None,
    });
    let price_ids = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Price(id) => Some(id.to_bytes()),
        Wanted::Sku(_) => None,
    });
    // No sku and no id is empty, so these represent empty lists, which SQL does not have.
    let skus = list(skus, "");
    let price_ids = list(price_ids, vec![]);
    let currency_code = currency.as_str();

    // SQL, because sea-orm would build a statement of this length again for every call.
    let found = Row::find_by_statement(raw_sql!(
        Postgres,
        "SELECT v.sku, v.variant_id, v.product_id, v.title AS variant_title,
             p.title AS product_title, p.state AS product_state, v.state AS variant_state,
             r.price_id, r.currency_code, r.minor_units, r.audience, r.channel, r.archive_time,
             r.price_id AS default_price_id, CAST(0 AS BIGINT) AS is_by_price
         FROM variants v
         JOIN products p ON p.product_id = v.product_id
         LEFT JOIN default_prices c
             ON c.variant_id = v.variant_id AND c.currency_code = {currency_code}
             AND c.channel = {channel}
         LEFT JOIN default_prices d
             ON d.variant_id = v.variant_id AND d.currency_code = {currency_code}
             AND d.channel = ''
         LEFT JOIN prices r ON r.price_id = COALESCE(c.price_id, d.price_id)
         WHERE v.sku IN ({..skus})
         UNION ALL
         SELECT v.sku, v.variant_id, v.product_id, v.title AS variant_title,
             p.title AS product_title, p.state AS product_state, v.state AS variant_state,
             r.price_id, r.currency_code, r.minor_units, r.audience, r.channel, r.archive_time,
             d.price_id AS default_price_id, CAST(1 AS BIGINT) AS is_by_price
         FROM prices r
         JOIN variants v ON v.variant_id = r.variant_id
         JOIN products p ON p.product_id = v.product_id
         LEFT JOIN default_prices d
             ON d.variant_id = r.variant_id AND d.currency_code = r.currency_code
             AND d.channel = r.channel
         WHERE r.price_id IN ({..price_ids})"
    ));
    let mut offers = Offers::default();
    for row in found.all(reader).await? {
        let is_by_price = row.is_by_price == 1;
        let offer = Offer::try_from(row)?;
        match offer.price.filter(|_| is_by_price) {
            Some(price) => offers.by_price.insert(price.id, offer),
            None => offers.by_sku.insert(offer.sku.clone(), offer),
        };
    }
    Ok(offers)
}

/// Returns a list for IN, each value once, or of what nothing equals when there are none.
fn list<T: Clone + Ord>(values: impl Iterator<Item = T>, nothing: T) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        values.push(nothing);
    }
    rows::padded(values)
}
