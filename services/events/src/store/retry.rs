//! Events that failed and wait to be delivered again.

use std::collections::HashMap;

use souk_data::{Error, Reader, Tx, args};
use souk_types::Timestamp;

/// Returns how often events of a partition failed, and when they are due, by offset.
pub async fn list(reader: &Reader, subscription: i64, partition: u32) -> Result<HashMap<i64, (u32, Timestamp)>, Error> {
    let sql = "SELECT log_offset, attempts, due_time FROM retry WHERE subscription = $1 AND partition = $2";
    let rows = reader.query(sql, args![subscription, partition]).await?;
    rows.iter().map(|row| Ok((row.get("log_offset")?, (row.get("attempts")?, row.get("due_time")?)))).collect()
}

/// Records that an event failed.
pub async fn set(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    offset: i64,
    attempts: u32,
    due: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO retry (subscription, partition, log_offset, attempts, due_time) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (subscription, partition, log_offset) \
               DO UPDATE SET attempts = excluded.attempts, due_time = excluded.due_time";
    tx.execute(sql, args![subscription, partition, offset, attempts, due]).await.map(drop)
}

/// Forgets the failures of an event.
pub async fn delete(tx: &Tx, subscription: i64, partition: u32, offset: i64) -> Result<(), Error> {
    let sql = "DELETE FROM retry WHERE subscription = $1 AND partition = $2 AND log_offset = $3";
    tx.execute(sql, args![subscription, partition, offset]).await.map(drop)
}

/// Forgets all failures of a partition.
pub async fn delete_all(tx: &Tx, subscription: i64, partition: u32) -> Result<(), Error> {
    let sql = "DELETE FROM retry WHERE subscription = $1 AND partition = $2";
    tx.execute(sql, args![subscription, partition]).await.map(drop)
}
