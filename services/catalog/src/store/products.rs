//! Products: reading, listing and writing their rows.

use souk_data::{Arg, Error as DataError, Reader, Row, ToArg, Tx, args};
use souk_types::{ProductId, Timestamp};

use super::sql;
use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::product::{Audience, Product, after_prefix, title_key};
use crate::state::State;

const COLUMNS: &str = "p.product_id, p.title, p.description, p.state, p.labels, p.external_key, p.version,
    p.create_time, p.update_time";

/// Which products a list has.
#[derive(Clone, Debug)]
pub struct Filter {
    pub audience: Audience,
    pub state: Option<State>,
    /// The start of the title, in any letter case; empty for all.
    pub title_prefix: String,
    pub updated_after: Option<Timestamp>,
}

/// The sort key of a product in lists.
pub type Position = (Vec<u8>, ProductId);

/// Returns a product. Fails with [`Error::ProductNotFound`].
pub async fn find(reader: &Reader, id: ProductId) -> Result<Product, Error> {
    let row = reader.query_row(&format!("SELECT {COLUMNS} FROM products p WHERE p.product_id = $1"), args![id]).await?;
    product_of(&row.ok_or(Error::ProductNotFound(id))?)
}

/// Returns at most `limit` products after a position, by title and id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Product>, Error> {
    let limit = limit as i64;
    let from = title_key(&filter.title_prefix);
    let until = after_prefix(from.clone());
    // Empty bytes come before everything.
    let (after_key, after_id) = match &after {
        Some((key, id)) => (key.as_slice(), id.as_bytes().as_slice()),
        None => (&[][..], &[][..]),
    };
    let mut sql = format!("SELECT {COLUMNS} FROM products p WHERE (p.title_key, p.product_id) > ($1, $2)");
    let mut values = vec![Arg::Bytes(Some(after_key)), Arg::Bytes(Some(after_id))];
    let state = filter.state.map(|state| state as i64);
    if !from.is_empty() {
        values.extend([Arg::Bytes(Some(&from)), Arg::Bytes(Some(&until))]);
        let place = values.len();
        sql.push_str(&format!(" AND p.title_key >= ${} AND p.title_key < ${place}", place - 1));
    }
    if state.is_some() {
        values.push(state.to_arg());
        sql.push_str(&format!(" AND p.state = ${}", values.len()));
    }
    if filter.audience == Audience::Public {
        sql.push_str(" AND p.state <> 1");
    }
    if filter.updated_after.is_some() {
        values.push(filter.updated_after.to_arg());
        sql.push_str(&format!(" AND p.update_time > ${}", values.len()));
    }
    values.push(limit.to_arg());
    sql.push_str(&format!(" ORDER BY p.title_key, p.product_id LIMIT ${}", values.len()));
    reader.query(&sql, &values).await?.iter().map(product_of).collect()
}

/// Returns the position of a product in lists.
pub fn position(product: &Product) -> Position {
    (title_key(&product.title), product.id)
}

/// Puts new products down; returns how many were not there before.
pub async fn insert(tx: &Tx, products: &[Product]) -> Result<u64, Error> {
    let texts: Vec<(Vec<u8>, String)> =
        products.iter().map(|product| (title_key(&product.title), labels_text(&product.labels))).collect();
    let states: Vec<i64> = products.iter().map(|product| product.state as i64).collect();
    let mut values = Vec::with_capacity(products.len() * 10);
    for (index, product) in products.iter().enumerate() {
        values.extend_from_slice(args![
            product.id,
            product.title,
            texts[index].0,
            product.description,
            states[index],
            texts[index].1,
            product.external_key,
            product.version,
            product.create_time,
            product.update_time,
        ]);
    }
    let start = "INSERT INTO products (product_id, title, title_key, description, state, labels, external_key, version,
        create_time, update_time) VALUES";
    Ok(sql::insert(tx, start, 10, &values, "ON CONFLICT DO NOTHING").await?)
}

/// Puts a product down as it has become. **Invariant:** the version grows by exactly one.
pub async fn update(tx: &Tx, product: &Product) -> Result<(), Error> {
    let updated = tx
        .execute(
            "UPDATE products SET title = $1, title_key = $2, description = $3, state = $4, labels = $5, version = $6,
                 update_time = $7
             WHERE product_id = $8 AND version = $9",
            args![
                product.title,
                title_key(&product.title),
                product.description,
                product.state as i64,
                labels_text(&product.labels),
                product.version,
                product.update_time,
                product.id,
                product.version - 1,
            ],
        )
        .await?;
    if updated == 1 { Ok(()) } else { Err(DataError::Conflict.into()) }
}

fn product_of(row: &Row) -> Result<Product, Error> {
    Ok(Product {
        id: row.get("product_id")?,
        title: row.get("title")?,
        description: row.get("description")?,
        state: state_of(row, "state")?,
        labels: labels_of(&row.get::<String>("labels")?)?,
        external_key: row.get("external_key")?,
        version: row.get("version")?,
        create_time: row.get("create_time")?,
        update_time: row.get("update_time")?,
    })
}

/// Reads the state of a product.
pub fn state_of(row: &Row, column: &str) -> Result<State, Error> {
    State::from_number(row.get(column)?).ok_or(Error::Unreadable("a state of a product"))
}
