//! Bulk import: looks up which rows already exist and inserts the rest.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect};
use souk_data::{Error as DataError, Reader, Tx, rows};
use souk_types::{PriceId, ProductId, Timestamp, VariantId};

use super::{default_prices, prices, products, variants};
use crate::error::Error;
use crate::import::{self, Item, Plan, Present, PresentPrice, PresentProduct, Read};
use crate::price::{self, Price};
use crate::state::State;
use crate::variant_state::VariantState;

/// Returns what the catalogue has of all that these items name.
pub async fn present(reader: &Reader, items: &[Read]) -> Result<Present, Error> {
    let items: Vec<&Item> = items.iter().filter_map(|item| item.as_ref().ok()).collect();
    let mut present = Present::default();
    add_products(reader, &items, &mut present).await?;
    add_variants(reader, &items, &mut present).await?;
    add_prices(reader, &items, &mut present).await?;
    add_defaults(reader, &mut present).await?;
    Ok(present)
}

/// A product, without what it says of itself.
#[derive(FromQueryResult)]
struct ProductRow {
    product_id: ProductId,
    state: State,
}

/// How many variants a product has.
#[derive(FromQueryResult)]
struct CountRow {
    product_id: ProductId,
    variants: i64,
}

async fn add_products(
    reader: &Reader,
    items: &[&Item],
    present: &mut Present,
) -> Result<(), Error> {
    use products::{Column, Entity};
    let ids: Vec<ProductId> =
        items.iter().map(|item| import::product_id(&item.external_key)).collect();
    for ids in rows::chunks(&ids) {
        let found = Entity::find()
            .select_only()
            .columns([Column::ProductId, Column::State])
            .filter(Column::ProductId.is_in(ids.iter().copied()));
        for row in found.into_model::<ProductRow>().all(reader).await? {
            let product = PresentProduct { state: row.state, variants: 0 };
            present.products.insert(row.product_id, product);
        }
        let counts = variants::Entity::find()
            .select_only()
            .column(variants::Column::ProductId)
            .column_as(variants::Column::VariantId.count(), "variants")
            .filter(variants::Column::ProductId.is_in(ids.iter().copied()))
            .filter(variants::Column::State.ne(VariantState::Archived))
            .group_by(variants::Column::ProductId);
        for row in counts.into_model::<CountRow>().all(reader).await? {
            if let Some(product) = present.products.get_mut(&row.product_id) {
                product.variants = row.variants as usize;
            }
        }
    }
    Ok(())
}

/// A variant, without what it says of itself.
#[derive(FromQueryResult)]
struct VariantRow {
    variant_id: VariantId,
    product_id: ProductId,
    sku: String,
}

async fn add_variants(
    reader: &Reader,
    items: &[&Item],
    present: &mut Present,
) -> Result<(), Error> {
    use variants::{Column, Entity};
    let variants = items.iter().flat_map(|item| &item.variants);
    let skus: Vec<&str> = variants.map(|variant| variant.sku.as_str()).collect();
    for skus in rows::chunks(&skus) {
        let found = Entity::find()
            .select_only()
            .columns([Column::VariantId, Column::ProductId, Column::Sku])
            .filter(Column::Sku.is_in(skus.iter().copied()));
        for row in found.into_model::<VariantRow>().all(reader).await? {
            present.variants.insert(row.sku, (row.variant_id, row.product_id));
        }
    }
    Ok(())
}

async fn add_prices(reader: &Reader, items: &[&Item], present: &mut Present) -> Result<(), Error> {
    use prices::{Column, Entity};
    let ids: Vec<PriceId> = items
        .iter()
        .flat_map(|item| &item.variants)
        .flat_map(|variant| {
            let prices = variant.prices.iter();
            prices.map(|wanted| price::imported_id(&variant.sku, wanted.amount, &wanted.channel))
        })
        .collect();
    for ids in rows::chunks(&ids) {
        for row in
            Entity::find().filter(Column::PriceId.is_in(ids.iter().copied())).all(reader).await?
        {
            let price = PresentPrice {
                variant: row.variant_id,
                amount: row.amount()?,
                channel: row.channel,
                audience: row.audience,
            };
            present.prices.insert(row.price_id, price);
        }
    }
    Ok(())
}

/// Adds which defaults the variants have that are there already.
async fn add_defaults(reader: &Reader, present: &mut Present) -> Result<(), Error> {
    use default_prices::{Column, Entity};
    let known: Vec<VariantId> = present.variants.values().map(|(variant, _)| *variant).collect();
    for ids in rows::chunks(&known) {
        for row in
            Entity::find().filter(Column::VariantId.is_in(ids.iter().copied())).all(reader).await?
        {
            let market = (prices::currency(&row.currency_code)?, row.channel);
            present.defaults.insert((row.variant_id, market));
        }
    }
    Ok(())
}

/// Inserts what a plan adds.
pub async fn insert(tx: &Tx, plan: &Plan, now: Timestamp) -> Result<(), Error> {
    let inserted = [
        products::insert(tx, &plan.products).await? == plan.products.len() as u64,
        variants::insert(tx, &plan.variants).await? == plan.variants.len() as u64,
        prices::insert(tx, &plan.prices).await? == plan.prices.len() as u64,
    ];
    if inserted.contains(&false) {
        // What the plan rests on was read in this transaction, so only another writer can have come
        // between.
        return Err(DataError::Conflict.into());
    }
    let defaults: Vec<&Price> = plan.prices.iter().filter(|price| price.is_default).collect();
    default_prices::set(tx, &defaults, now).await
}
