//! Reservations and their lines.

use std::collections::BTreeMap;

use souk_data::{Arg, Reader, Row, ToArg, Tx, args, placeholders};
use souk_types::{ReservationId, Timestamp};

use super::pieces;
use crate::error::Error;
use crate::reservation::{Line, Reservation};
use crate::state::State;
use crate::stock_key::{Quantities, StockKey};

/// A reservation and its number, which grows in the order they are made.
pub struct Numbered {
    pub number: i64,
    pub reservation: Reservation,
}

const COLUMNS: &str = "number, reservation_id, order_id, state, expire_time, create_time, update_time, effective_time";

/// Adds a reservation with its lines, unless its id is known. Returns whether it was added.
pub async fn insert(tx: &Tx, reservation: &Reservation) -> Result<bool, Error> {
    let sql = "INSERT INTO reservation (reservation_id, order_id, state, expire_time, create_time, update_time, \
                                        effective_time) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING number";
    let Reservation { id, order, state, lines, expire_time, create_time, update_time, effective_time } = reservation;
    let state = *state as i64;
    let values = args![id, order, state, expire_time, create_time, update_time, effective_time];
    let row = tx.query_row(sql, values).await?;
    let Some(row) = row else { return Ok(false) };
    insert_lines(tx, row.get("number")?, lines).await?;
    Ok(true)
}

async fn insert_lines(tx: &Tx, number: i64, lines: &[Line]) -> Result<(), Error> {
    const COLUMNS: usize = 5;
    for piece in pieces(lines) {
        let sql = format!(
            "INSERT INTO reservation_line (reservation, sku, location_id, quantity, returned) VALUES {}",
            placeholders(1, piece.len(), COLUMNS)
        );
        let mut values = Vec::with_capacity(piece.len() * COLUMNS);
        for line in piece {
            values.extend_from_slice(args![number, line.key.sku, line.key.location, line.quantity, line.returned]);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Locks a reservation until the end of the write; none when the id is not known.
pub async fn lock(tx: &Tx, id: ReservationId) -> Result<Option<Reservation>, Error> {
    find(tx, id, tx.lock_rows()).await
}

/// Locks a reservation that must be there.
pub async fn lock_existing(tx: &Tx, id: ReservationId) -> Result<Reservation, Error> {
    lock(tx, id).await?.ok_or(Error::ReservationNotFound(id))
}

/// Returns a reservation.
pub async fn get(reader: &Reader, id: ReservationId) -> Result<Reservation, Error> {
    find(reader, id, "").await?.ok_or(Error::ReservationNotFound(id))
}

async fn find(reader: &Reader, id: ReservationId, lock: &str) -> Result<Option<Reservation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM reservation WHERE reservation_id = $1{lock}");
    let rows = reader.query(&sql, args![id]).await?;
    Ok(with_lines(reader, &rows).await?.pop().map(|found| found.reservation))
}

/// Locks the holds whose time is over, those that wait longest first. All replicas lock them in this order.
pub async fn lock_due(tx: &Tx, now: Timestamp, limit: usize) -> Result<Vec<Reservation>, Error> {
    // State 1 is HELD, written out so that the index of holds is used.
    let sql = format!(
        "SELECT {COLUMNS} FROM reservation WHERE state = 1 AND expire_time <= $1 \
         ORDER BY expire_time, number LIMIT $2{}",
        tx.lock_rows()
    );
    let rows = tx.query(&sql, args![now, limit as i64]).await?;
    Ok(with_lines(tx, &rows).await?.into_iter().map(|found| found.reservation).collect())
}

/// Writes the state of reservations that were locked before and have entered it together.
pub async fn set_state(tx: &Tx, changed: &[Reservation]) -> Result<(), Error> {
    let Some(Reservation { state, update_time, effective_time, .. }) = changed.first() else { return Ok(()) };
    // Only what is consumed happens at a time of its own, and that is one at a time.
    let effective_time = effective_time.filter(|_| *state == State::Consumed);
    let state = *state as i64;
    for piece in pieces(changed) {
        let sql = format!(
            "UPDATE reservation SET state = $1, update_time = $2, effective_time = COALESCE($3, effective_time) \
             WHERE reservation_id IN {}",
            placeholders(4, 1, piece.len())
        );
        let mut values = vec![state.to_arg(), update_time.to_arg(), effective_time.to_arg()];
        values.extend(piece.iter().map(|reservation| reservation.id.to_arg()));
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Writes how many units of these stocks have come back by now to a reservation that was locked before.
pub async fn set_returned(tx: &Tx, reservation: &Reservation, touched: &Quantities) -> Result<(), Error> {
    const COLUMNS: usize = 3;
    let lines: Vec<&Line> = reservation.lines.iter().filter(|line| touched.contains_key(&line.key)).collect();
    for piece in pieces(&lines) {
        let sql = format!(
            "WITH came_back (sku, location_id, returned) AS (VALUES {}) \
             UPDATE reservation_line SET returned = came_back.returned FROM came_back \
             WHERE reservation = (SELECT number FROM reservation WHERE reservation_id = ${}) \
               AND reservation_line.sku = came_back.sku AND reservation_line.location_id = came_back.location_id",
            placeholders(1, piece.len(), COLUMNS),
            piece.len() * COLUMNS + 1
        );
        let mut values = Vec::with_capacity(piece.len() * COLUMNS + 1);
        for line in piece {
            values.extend_from_slice(args![line.key.sku, line.key.location, line.returned]);
        }
        values.push(reservation.id.to_arg());
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Returns all reservations after this number, in the order they were made.
pub async fn list(reader: &Reader, after: i64, limit: i64) -> Result<Vec<Numbered>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM reservation WHERE number > $1 ORDER BY number LIMIT $2");
    with_lines(reader, &reader.query(&sql, args![after, limit]).await?).await
}

/// Returns the reservations of one state after this time and number, in the order they entered it.
pub async fn list_by_state(
    reader: &Reader,
    state: State,
    after: (Timestamp, i64),
    limit: i64,
) -> Result<Vec<Numbered>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reservation WHERE state = $1 AND (update_time, number) > ($2, $3) \
         ORDER BY update_time, number LIMIT $4"
    );
    let rows = reader.query(&sql, args![state as i64, after.0, after.1, limit]).await?;
    with_lines(reader, &rows).await
}

/// Returns how many units of a stock the reservations in state HELD (1) and COMMITTED (2) promise.
pub async fn promised(reader: &Reader, key: &StockKey) -> Result<i64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) AS promised FROM reservation \
               JOIN reservation_line ON reservation = number WHERE state IN (1, 2) AND sku = $1 AND location_id = $2";
    let row = reader.query_row(sql, args![key.sku, key.location]).await?;
    row.map_or(Ok(0), |row| Ok(row.get("promised")?))
}

/// Deletes the oldest reservations, with their lines, that entered a final state before this time. Returns how many.
pub async fn delete_finished(tx: &Tx, state: State, before: Timestamp, limit: usize) -> Result<usize, Error> {
    let sql = format!(
        "SELECT number FROM reservation WHERE state = $1 AND update_time < $2 ORDER BY update_time, number LIMIT $3{}",
        tx.lock_rows()
    );
    let rows = tx.query(&sql, args![state as i64, before, limit as i64]).await?;
    let numbers = rows.iter().map(|row| row.get::<i64>("number")).collect::<Result<Vec<_>, _>>()?;
    for piece in pieces(&numbers) {
        let values: Vec<Arg<'_>> = piece.iter().map(ToArg::to_arg).collect();
        let these = placeholders(1, 1, piece.len());
        tx.execute(&format!("DELETE FROM reservation_line WHERE reservation IN {these}"), &values).await?;
        tx.execute(&format!("DELETE FROM reservation WHERE number IN {these}"), &values).await?;
    }
    Ok(numbers.len())
}

/// Reads reservations, in the order of their rows, with all their lines.
async fn with_lines(reader: &Reader, rows: &[Row]) -> Result<Vec<Numbered>, Error> {
    let numbers = rows.iter().map(|row| row.get::<i64>("number")).collect::<Result<Vec<_>, _>>()?;
    let mut lines: BTreeMap<i64, Vec<Line>> = BTreeMap::new();
    for piece in pieces(&numbers) {
        let sql = format!(
            "SELECT reservation, sku, location_id, quantity, returned FROM reservation_line \
             WHERE reservation IN {} ORDER BY reservation, sku, location_id",
            placeholders(1, 1, piece.len())
        );
        let values: Vec<Arg<'_>> = piece.iter().map(ToArg::to_arg).collect();
        for row in reader.query(&sql, &values).await? {
            lines.entry(row.get("reservation")?).or_default().push(read_line(&row)?);
        }
    }
    let reservations = rows.iter().zip(&numbers).map(|(row, number)| {
        let reservation = read(row, lines.remove(number).unwrap_or_default())?;
        Ok(Numbered { number: *number, reservation })
    });
    reservations.collect()
}

fn read(row: &Row, lines: Vec<Line>) -> Result<Reservation, Error> {
    let id: ReservationId = row.get("reservation_id")?;
    let state = State::from_number(row.get("state")?);
    Ok(Reservation {
        id,
        order: row.get("order_id")?,
        state: state.ok_or_else(|| Error::Inconsistent(format!("reservation {id} has an unknown state")))?,
        lines,
        expire_time: row.get("expire_time")?,
        create_time: row.get("create_time")?,
        update_time: row.get("update_time")?,
        effective_time: row.get("effective_time")?,
    })
}

fn read_line(row: &Row) -> Result<Line, Error> {
    Ok(Line {
        key: StockKey { sku: row.get("sku")?, location: row.get("location_id")? },
        quantity: row.get("quantity")?,
        returned: row.get("returned")?,
    })
}
