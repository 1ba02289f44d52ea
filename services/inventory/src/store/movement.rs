//! The record of movements: rows are added, and a trigger refuses everything else.

use souk_data::{Reader, Row, Tx, args, placeholders};

use super::pieces;
use crate::error::Error;
use crate::movement::{Movement, MovementKind};
use crate::stock_key::StockKey;

/// A movement and its place in the record.
pub struct Recorded {
    pub number: i64,
    pub movement: Movement,
}

/// Adds movements. Only [`record`](super::stock::record) calls it, together with the change of the stock.
pub(super) async fn insert(tx: &Tx, movements: &[Movement]) -> Result<(), Error> {
    const COLUMNS: usize = 10;
    for piece in pieces(movements) {
        let sql = format!(
            "INSERT INTO movement (movement_id, sku, location_id, kind, on_hand_change, reserved_change, \
                                   reservation_id, create_time, effective_time, note) VALUES {}",
            placeholders(1, piece.len(), COLUMNS)
        );
        let kinds: Vec<i64> = piece.iter().map(|movement| movement.kind as i64).collect();
        let mut values = Vec::with_capacity(piece.len() * COLUMNS);
        for (movement, kind) in piece.iter().zip(&kinds) {
            values.extend_from_slice(args![
                movement.id,
                movement.key.sku,
                movement.key.location,
                *kind,
                movement.on_hand_change,
                movement.reserved_change,
                movement.reservation,
                movement.create_time,
                movement.effective_time,
                movement.note,
            ]);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Returns what the movements of one stock add up to: units on hand, and units reserved.
pub async fn sums(reader: &Reader, key: &StockKey) -> Result<(i64, i64), Error> {
    let sql = "SELECT CAST(COALESCE(SUM(on_hand_change), 0) AS BIGINT) AS on_hand, \
                      CAST(COALESCE(SUM(reserved_change), 0) AS BIGINT) AS reserved \
               FROM movement WHERE sku = $1 AND location_id = $2";
    let row = reader.query_row(sql, args![key.sku, key.location]).await?;
    row.map_or(Ok((0, 0)), |row| Ok((row.get("on_hand")?, row.get("reserved")?)))
}

/// Returns the movements after this number, of one sku or, when it is empty, of all.
pub async fn list(reader: &Reader, sku: &str, after: i64, limit: i64) -> Result<Vec<Recorded>, Error> {
    const COLUMNS: &str = "number, movement_id, sku, location_id, kind, on_hand_change, reserved_change, \
                           reservation_id, create_time, effective_time, note";
    let rows = if sku.is_empty() {
        let sql = format!("SELECT {COLUMNS} FROM movement WHERE number > $1 ORDER BY number LIMIT $2");
        reader.query(&sql, args![after, limit]).await?
    } else {
        let sql = format!("SELECT {COLUMNS} FROM movement WHERE sku = $1 AND number > $2 ORDER BY number LIMIT $3");
        reader.query(&sql, args![sku, after, limit]).await?
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Recorded, Error> {
    let (number, kind) = (row.get("number")?, row.get("kind")?);
    let kind = MovementKind::from_number(kind);
    let movement = Movement {
        id: row.get("movement_id")?,
        key: StockKey { sku: row.get("sku")?, location: row.get("location_id")? },
        kind: kind.ok_or_else(|| Error::Inconsistent(format!("movement {number} has an unknown kind")))?,
        on_hand_change: row.get("on_hand_change")?,
        reserved_change: row.get("reserved_change")?,
        reservation: row.get("reservation_id")?,
        create_time: row.get("create_time")?,
        effective_time: row.get("effective_time")?,
        note: row.get("note")?,
    };
    Ok(Recorded { number, movement })
}
