//! Locations: written once, never changed.

use souk_data::{Reader, Row, ToArg, Tx, args, placeholders};
use souk_types::Timestamp;

use super::pieces;
use crate::error::Error;
use crate::stock_key::Quantities;

/// A place that holds stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub id: String,
    pub title: String,
    pub create_time: Timestamp,
}

/// Adds a location unless its id is taken; returns the one that is there now.
pub async fn insert_or_get(tx: &Tx, location: &Location) -> Result<Location, Error> {
    let sql = "INSERT INTO location (location_id, title, create_time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, args![location.id, location.title, location.create_time]).await?;
    let sql = "SELECT location_id, title, create_time FROM location WHERE location_id = $1";
    let row = tx.query_row(sql, args![location.id]).await?;
    let row = row.ok_or_else(|| Error::Inconsistent(format!("location {} is neither new nor there", location.id)))?;
    read(&row)
}

/// Fails when a location of these stocks does not exist. Locations are never deleted, so nothing has to be locked.
pub async fn check(reader: &Reader, units: &Quantities) -> Result<(), Error> {
    let mut wanted: Vec<&str> = units.keys().map(|key| key.location.as_str()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    for piece in pieces(&wanted) {
        let sql = format!("SELECT location_id FROM location WHERE location_id IN {}", placeholders(1, 1, piece.len()));
        let ids: Vec<_> = piece.iter().map(ToArg::to_arg).collect();
        let mut found = Vec::with_capacity(piece.len());
        for row in reader.query(&sql, &ids).await? {
            found.push(row.get::<String>("location_id")?);
        }
        if let Some(missing) = piece.iter().find(|id| !found.iter().any(|found| found == *id)) {
            return Err(Error::LocationNotFound((*missing).to_owned()));
        }
    }
    Ok(())
}

/// Returns the locations after this id.
pub async fn list(reader: &Reader, after: &str, limit: i64) -> Result<Vec<Location>, Error> {
    let sql =
        "SELECT location_id, title, create_time FROM location WHERE location_id > $1 ORDER BY location_id LIMIT $2";
    reader.query(sql, args![after, limit]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Location, Error> {
    Ok(Location { id: row.get("location_id")?, title: row.get("title")?, create_time: row.get("create_time")? })
}
