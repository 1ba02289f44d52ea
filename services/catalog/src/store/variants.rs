//! Variants: reading and writing their rows.

use souk_data::{Error as DataError, Reader, Row, ToArg, Tx, args};
use souk_types::ProductId;

use super::products::state_of;
use super::sql;
use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::variant::Variant;
use crate::variant_key::VariantKey;

const SELECT: &str =
    "SELECT v.variant_id, v.product_id, p.state AS product_state, v.sku, v.title, v.attributes, v.version,
        v.create_time, v.update_time
    FROM variants v JOIN products p ON p.product_id = v.product_id";

/// Returns a variant. Fails with [`Error::VariantNotFound`].
pub async fn find(reader: &Reader, key: &VariantKey) -> Result<Variant, Error> {
    let row = match key {
        VariantKey::Id(id) => reader.query_row(&format!("{SELECT} WHERE v.variant_id = $1"), args![id]).await?,
        VariantKey::Sku(sku) => reader.query_row(&format!("{SELECT} WHERE v.sku = $1"), args![sku]).await?,
    };
    variant_of(&row.ok_or_else(|| Error::VariantNotFound(key.clone()))?)
}

/// Returns the variants of a product, by sku.
pub async fn of_product(reader: &Reader, product: ProductId) -> Result<Vec<Variant>, Error> {
    let rows = reader.query(&format!("{SELECT} WHERE v.product_id = $1 ORDER BY v.sku"), args![product]).await?;
    rows.iter().map(variant_of).collect()
}

/// Returns the variants with these skus, in no order; at most [`sql::LIST`] skus.
pub async fn by_skus(reader: &Reader, skus: &[String]) -> Result<Vec<Variant>, Error> {
    let values = sql::padded(skus.iter().map(ToArg::to_arg).collect());
    let rows = reader.query(&format!("{SELECT} WHERE v.sku IN {}", sql::list(1, values.len())), &values).await?;
    rows.iter().map(variant_of).collect()
}

/// Returns how many variants a product has.
pub async fn count(reader: &Reader, product: ProductId) -> Result<usize, Error> {
    let row = reader.query_row("SELECT COUNT(*) AS n FROM variants WHERE product_id = $1", args![product]).await?;
    let count: i64 = row.ok_or(Error::Unreadable("no count"))?.get("n")?;
    Ok(count as usize)
}

/// Puts new variants down; returns how many had an id and a sku that were free.
pub async fn insert(tx: &Tx, variants: &[Variant]) -> Result<u64, Error> {
    let attributes: Vec<String> = variants.iter().map(|variant| labels_text(&variant.attributes)).collect();
    let mut values = Vec::with_capacity(variants.len() * 8);
    for (variant, attributes) in variants.iter().zip(&attributes) {
        values.extend_from_slice(args![
            variant.id,
            variant.product,
            variant.sku,
            variant.title,
            *attributes,
            variant.version,
            variant.create_time,
            variant.update_time,
        ]);
    }
    let start =
        "INSERT INTO variants (variant_id, product_id, sku, title, attributes, version, create_time, update_time)
        VALUES";
    Ok(sql::insert(tx, start, 8, &values, "ON CONFLICT DO NOTHING").await?)
}

/// Puts a variant down as it has become. **Invariant:** the version grows by exactly one.
pub async fn update(tx: &Tx, variant: &Variant) -> Result<(), Error> {
    let updated = tx
        .execute(
            "UPDATE variants SET title = $1, attributes = $2, version = $3, update_time = $4
             WHERE variant_id = $5 AND version = $6",
            args![
                variant.title,
                labels_text(&variant.attributes),
                variant.version,
                variant.update_time,
                variant.id,
                variant.version - 1,
            ],
        )
        .await?;
    if updated == 1 { Ok(()) } else { Err(DataError::Conflict.into()) }
}

fn variant_of(row: &Row) -> Result<Variant, Error> {
    Ok(Variant {
        id: row.get("variant_id")?,
        product: row.get("product_id")?,
        product_state: state_of(row, "product_state")?,
        sku: row.get("sku")?,
        title: row.get("title")?,
        attributes: labels_of(&row.get::<String>("attributes")?)?,
        version: row.get("version")?,
        create_time: row.get("create_time")?,
        update_time: row.get("update_time")?,
    })
}
