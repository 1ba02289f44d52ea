//! Prices and which of them are defaults: reading and writing their rows.

use souk_data::{Arg, Reader, Row, ToArg, Tx, args};
use souk_types::{Currency, Money, PriceId, Timestamp, VariantId};

use super::products::state_of;
use super::sql;
use crate::error::Error;
use crate::price::Price;

const SELECT: &str = "SELECT r.price_id, r.variant_id, v.sku, v.product_id, p.state AS product_state, r.currency_code,
        r.minor_units, CAST(CASE WHEN d.price_id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS is_default, r.archive_time,
        r.create_time, r.effective_time
    FROM prices r
    JOIN variants v ON v.variant_id = r.variant_id
    JOIN products p ON p.product_id = v.product_id
    LEFT JOIN default_prices d
        ON d.variant_id = r.variant_id AND d.currency_code = r.currency_code AND d.price_id = r.price_id";

/// Which prices of a variant a list has.
#[derive(Clone, Debug)]
pub struct Filter {
    pub variant: VariantId,
    pub currency: Option<Currency>,
    pub without_archived: bool,
}

/// The sort key of a price in lists.
pub type Position = (Timestamp, PriceId);

/// Returns a price. Fails with [`Error::PriceNotFound`].
pub async fn find(reader: &Reader, id: PriceId) -> Result<Price, Error> {
    let row = reader.query_row(&format!("{SELECT} WHERE r.price_id = $1"), args![id]).await?;
    price_of(&row.ok_or(Error::PriceNotFound(id))?)
}

/// Returns at most `limit` prices of a variant after a position, by effective time and id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Price>, Error> {
    let limit = limit as i64;
    let (time, id) = after.map_or((i64::MIN, vec![]), |(time, id)| (time.as_micros(), id.to_bytes()));
    let mut sql = format!("{SELECT} WHERE r.variant_id = $1 AND (r.effective_time, r.price_id) > ($2, $3)");
    let mut values = vec![filter.variant.to_arg(), time.to_arg(), id.to_arg()];
    if let Some(currency) = &filter.currency {
        values.push(Arg::Text(Some(currency.as_str())));
        sql.push_str(&format!(" AND r.currency_code = ${}", values.len()));
    }
    if filter.without_archived {
        sql.push_str(" AND r.archive_time IS NULL");
    }
    values.push(limit.to_arg());
    sql.push_str(&format!(" ORDER BY r.effective_time, r.price_id LIMIT ${}", values.len()));
    reader.query(&sql, &values).await?.iter().map(price_of).collect()
}

/// Returns the default prices of these variants, by variant and currency; at most [`sql::LIST`] variants.
pub async fn defaults_of(reader: &Reader, variants: &[VariantId]) -> Result<Vec<Price>, Error> {
    if variants.is_empty() {
        return Ok(vec![]);
    }
    let values = sql::padded(variants.iter().map(ToArg::to_arg).collect());
    // Starts from the defaults: a variant may have many prices, of which few are one.
    let rows = reader
        .query(
            &format!(
                "SELECT r.price_id, r.variant_id, v.sku, v.product_id, p.state AS product_state, r.currency_code,
                     r.minor_units, CAST(1 AS BIGINT) AS is_default, r.archive_time, r.create_time, r.effective_time
                 FROM default_prices d
                 JOIN prices r ON r.price_id = d.price_id
                 JOIN variants v ON v.variant_id = d.variant_id
                 JOIN products p ON p.product_id = v.product_id
                 WHERE d.variant_id IN {} ORDER BY d.variant_id, d.currency_code",
                sql::list(1, values.len())
            ),
            &values,
        )
        .await?;
    rows.iter().map(price_of).collect()
}

/// Returns the default price of a variant in a currency.
pub async fn default_of(reader: &Reader, variant: VariantId, currency: Currency) -> Result<Option<PriceId>, Error> {
    let row = reader
        .query_row(
            "SELECT price_id FROM default_prices WHERE variant_id = $1 AND currency_code = $2",
            args![variant, currency.as_str()],
        )
        .await?;
    Ok(row.map(|row| row.get("price_id")).transpose()?)
}

/// Puts new prices down; returns how many had an id that was free.
pub async fn insert(tx: &Tx, prices: &[Price]) -> Result<u64, Error> {
    let mut values = Vec::with_capacity(prices.len() * 7);
    for price in prices {
        values.push(price.id.to_arg());
        values.push(price.variant.to_arg());
        values.push(Arg::Text(Some(price.amount.currency.as_str())));
        values.extend_from_slice(args![
            price.amount.minor,
            price.archive_time,
            price.create_time,
            price.effective_time
        ]);
    }
    let start = "INSERT INTO prices (price_id, variant_id, currency_code, minor_units, archive_time, create_time,
        effective_time) VALUES";
    Ok(sql::insert(tx, start, 7, &values, "ON CONFLICT DO NOTHING").await?)
}

/// Makes each of these prices the default of its variant and currency; at most one for each of those.
pub async fn make_defaults(tx: &Tx, prices: &[&Price], now: Timestamp) -> Result<(), Error> {
    let mut values = Vec::with_capacity(prices.len() * 4);
    for price in prices {
        values.push(price.variant.to_arg());
        values.push(Arg::Text(Some(price.amount.currency.as_str())));
        values.push(price.id.to_arg());
        values.push(now.to_arg());
    }
    let start = "INSERT INTO default_prices (variant_id, currency_code, price_id, change_time) VALUES";
    let end = "ON CONFLICT (variant_id, currency_code) DO UPDATE
        SET price_id = excluded.price_id, change_time = excluded.change_time";
    sql::insert(tx, start, 4, &values, end).await?;
    Ok(())
}

/// Puts down that a price is archived.
pub async fn archive(tx: &Tx, price: &Price) -> Result<(), Error> {
    let sql = "UPDATE prices SET archive_time = $1 WHERE price_id = $2 AND archive_time IS NULL";
    tx.execute(sql, args![price.archive_time, price.id]).await?;
    Ok(())
}

/// Reads a currency.
pub fn currency_of(row: &Row) -> Result<Currency, Error> {
    row.get::<String>("currency_code")?.parse().map_err(|_| Error::Unreadable("a currency"))
}

fn price_of(row: &Row) -> Result<Price, Error> {
    Ok(Price {
        id: row.get("price_id")?,
        variant: row.get("variant_id")?,
        sku: row.get("sku")?,
        product: row.get("product_id")?,
        product_state: state_of(row, "product_state")?,
        amount: Money::new(currency_of(row)?, row.get("minor_units")?),
        is_default: row.get("is_default")?,
        archive_time: row.get("archive_time")?,
        create_time: row.get("create_time")?,
        effective_time: row.get("effective_time")?,
    })
}
