//! Imports: what is there of what some items name, and writing what is new.

use souk_data::{Arg, Error as DataError, Reader, ToArg, Tx};
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use super::prices::currency_of;
use super::products::state_of;
use super::{prices, products, sql, variants};
use crate::error::Error;
use crate::events::{self, Event};
use crate::import::{self, Item, Plan, Present, PresentProduct, Read};
use crate::price::{self, Price};

/// Returns what the catalogue has of all that these items name.
pub async fn present(reader: &Reader, items: &[Read]) -> Result<Present, Error> {
    let items: Vec<&Item> = items.iter().filter_map(|item| item.as_ref().ok()).collect();
    let mut present = Present::default();

    let ids: Vec<ProductId> = items.iter().map(|item| import::product_id(&item.external_key)).collect();
    let sql =
        "SELECT p.product_id, p.state, (SELECT COUNT(*) FROM variants v WHERE v.product_id = p.product_id) AS variants
        FROM products p WHERE p.product_id IN";
    each_row(reader, sql, &ids, |row| {
        let product = PresentProduct { state: state_of(row, "state")?, variants: row.get::<i64>("variants")? as usize };
        present.products.insert(row.get("product_id")?, product);
        Ok(())
    })
    .await?;

    let skus: Vec<&str> = items.iter().flat_map(|item| &item.variants).map(|variant| variant.sku.as_str()).collect();
    each_row(reader, "SELECT variant_id, product_id, sku FROM variants WHERE sku IN", &skus, |row| {
        present.variants.insert(row.get("sku")?, (row.get("variant_id")?, row.get("product_id")?));
        Ok(())
    })
    .await?;

    let ids: Vec<PriceId> = items
        .iter()
        .flat_map(|item| &item.variants)
        .flat_map(|variant| variant.prices.iter().map(|wanted| price::imported_id(&variant.sku, wanted.amount)))
        .collect();
    let sql = "SELECT price_id, variant_id, currency_code, minor_units FROM prices WHERE price_id IN";
    each_row(reader, sql, &ids, |row| {
        let amount = Money::new(currency_of(row)?, row.get("minor_units")?);
        present.prices.insert(row.get("price_id")?, (row.get("variant_id")?, amount));
        Ok(())
    })
    .await?;

    let known: Vec<VariantId> = present.variants.values().map(|(variant, _)| *variant).collect();
    let sql = "SELECT variant_id, currency_code FROM default_prices WHERE variant_id IN";
    each_row(reader, sql, &known, |row| {
        let currency: Currency = currency_of(row)?;
        present.defaults.insert((row.get("variant_id")?, currency));
        Ok(())
    })
    .await?;
    Ok(present)
}

async fn each_row<T: ToArg>(
    reader: &Reader,
    sql: &str,
    values: &[T],
    mut take: impl FnMut(&souk_data::Row) -> Result<(), Error>,
) -> Result<(), Error> {
    for piece in values.chunks(sql::LIST) {
        let values: Vec<Arg<'_>> = sql::padded(piece.iter().map(ToArg::to_arg).collect());
        let rows = reader.query(&format!("{sql} {}", sql::list(1, values.len())), &values).await?;
        rows.iter().try_for_each(&mut take)?;
    }
    Ok(())
}

/// Writes what a plan adds, with its events.
pub async fn write(tx: &Tx, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    let defaults: Vec<&Price> = plan.prices.iter().filter(|price| price.is_default).collect();
    let inserted = [
        products::insert(tx, &plan.products).await? == plan.products.len() as u64,
        variants::insert(tx, &plan.variants).await? == plan.variants.len() as u64,
        prices::insert(tx, &plan.prices).await? == plan.prices.len() as u64,
    ];
    if inserted.contains(&false) {
        // What the plan rests on was read in this transaction, so only another writer can have come between.
        return Err(DataError::Conflict.into());
    }
    prices::make_defaults(tx, &defaults, now).await?;
    let products = plan.products.iter().map(Event::ProductCreated);
    let variants = plan.variants.iter().map(Event::VariantCreated);
    let prices = plan.prices.iter().map(Event::PriceCreated);
    events::append_all(tx, products.chain(variants).chain(prices), now).await
}
