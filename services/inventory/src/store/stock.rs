//! Stock rows: locked in one order, and changed together with the movements that say why.

use std::collections::BTreeMap;

use souk_data::{Arg, Reader, Row, ToArg, Tx, args, placeholders};
use souk_types::Timestamp;

use super::{movement, pieces};
use crate::error::Error;
use crate::movement::Movement;
use crate::stock::{Found, Stock};
use crate::stock_key::StockKey;

/// Locks the rows of these keys, which come in their order, until the end of the write. Keys without a row are left out.
pub async fn lock(tx: &Tx, keys: impl Iterator<Item = &StockKey>) -> Result<Found, Error> {
    let keys: Vec<&StockKey> = keys.collect();
    let mut found = Found::new();
    for piece in pieces(&keys) {
        let sql = format!(
            "WITH wanted (sku, location_id) AS (VALUES {}) \
             SELECT stock.sku, stock.location_id, on_hand, reserved, update_time FROM wanted \
             JOIN stock ON stock.sku = wanted.sku AND stock.location_id = wanted.location_id \
             ORDER BY stock.sku, stock.location_id{}",
            placeholders(1, piece.len(), 2),
            tx.lock_rows()
        );
        let values: Vec<Arg<'_>> = piece.iter().flat_map(|key| [key.sku.to_arg(), key.location.to_arg()]).collect();
        for row in tx.query(&sql, &values).await? {
            let stock = read(&row)?;
            found.insert(stock.key.clone(), stock);
        }
    }
    Ok(found)
}

/// Adds an empty row for each of these keys that has none.
pub async fn insert_missing(tx: &Tx, keys: impl Iterator<Item = &StockKey>, now: Timestamp) -> Result<(), Error> {
    const COLUMNS: usize = 5;
    let keys: Vec<&StockKey> = keys.collect();
    for piece in pieces(&keys) {
        let sql = format!(
            "INSERT INTO stock (sku, location_id, on_hand, reserved, update_time) VALUES {} ON CONFLICT DO NOTHING",
            placeholders(1, piece.len(), COLUMNS)
        );
        let mut values = Vec::with_capacity(piece.len() * COLUMNS);
        for key in piece {
            values.extend_from_slice(args![key.sku, key.location, 0_i64, 0_i64, now]);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Records movements, and changes the stock that they move by their sums. The rows are locked and the rules were asked; that
/// each row keeps `0 ≤ reserved ≤ on_hand` is a condition of the update all the same.
pub async fn record(tx: &Tx, movements: &[Movement], now: Timestamp) -> Result<(), Error> {
    const COLUMNS: usize = 4;
    let mut sums: BTreeMap<&StockKey, (i64, i64)> = BTreeMap::new();
    for movement in movements {
        let (on_hand, reserved) = sums.entry(&movement.key).or_default();
        *on_hand += movement.on_hand_change;
        *reserved += movement.reserved_change;
    }
    let sums: Vec<(&StockKey, (i64, i64))> = sums.into_iter().collect();
    for piece in pieces(&sums) {
        let sql = format!(
            "WITH moved (sku, location_id, on_hand_change, reserved_change) AS (VALUES {}) \
             UPDATE stock SET on_hand = on_hand + moved.on_hand_change, reserved = reserved + moved.reserved_change, \
                 update_time = ${} FROM moved \
             WHERE stock.sku = moved.sku AND stock.location_id = moved.location_id \
               AND reserved + moved.reserved_change BETWEEN 0 AND on_hand + moved.on_hand_change",
            placeholders(1, piece.len(), COLUMNS),
            piece.len() * COLUMNS + 1
        );
        let mut values = Vec::with_capacity(piece.len() * COLUMNS + 1);
        for (key, (on_hand, reserved)) in piece {
            values.extend_from_slice(args![key.sku, key.location, *on_hand, *reserved]);
        }
        values.push(now.to_arg());
        let changed = tx.execute(&sql, &values).await?;
        if changed != piece.len() as u64 {
            return Err(Error::Inconsistent(format!("a movement of {} stocks fits {changed} of them", piece.len())));
        }
    }
    movement::insert(tx, movements).await
}

/// Writes a stock that was repaired, with the movement that makes the record agree with it. The row is locked.
pub async fn overwrite(tx: &Tx, stock: &Stock, movement: &Movement) -> Result<(), Error> {
    let sql = "UPDATE stock SET reserved = $1, update_time = $2 WHERE sku = $3 AND location_id = $4";
    tx.execute(sql, args![stock.reserved, stock.update_time, stock.key.sku, stock.key.location]).await?;
    movement::insert(tx, std::slice::from_ref(movement)).await
}

/// Returns the stock of some skus at one location; what was never received is left out.
pub async fn get(reader: &Reader, location: &str, skus: &[String]) -> Result<Vec<Stock>, Error> {
    let mut stock = Vec::with_capacity(skus.len());
    for piece in pieces(skus) {
        let sql = format!(
            "SELECT sku, location_id, on_hand, reserved, update_time FROM stock \
             WHERE sku IN {} AND location_id = ${}",
            placeholders(1, 1, piece.len()),
            piece.len() + 1
        );
        let mut values: Vec<Arg<'_>> = piece.iter().map(ToArg::to_arg).collect();
        values.push(location.to_arg());
        for row in reader.query(&sql, &values).await? {
            stock.push(read(&row)?);
        }
    }
    Ok(stock)
}

/// Returns the stocks after this key.
pub async fn list(reader: &Reader, after: &StockKey, limit: i64) -> Result<Vec<Stock>, Error> {
    let sql = "SELECT sku, location_id, on_hand, reserved, update_time FROM stock \
               WHERE (sku, location_id) > ($1, $2) ORDER BY sku, location_id LIMIT $3";
    reader.query(sql, args![after.sku, after.location, limit]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Stock, Error> {
    Ok(Stock {
        key: StockKey { sku: row.get("sku")?, location: row.get("location_id")? },
        on_hand: row.get("on_hand")?,
        reserved: row.get("reserved")?,
        update_time: row.get("update_time")?,
    })
}
