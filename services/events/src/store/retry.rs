//! Events that failed and wait to be delivered again.

use std::collections::HashMap;

use souk_data::{Error, Reader, ToArg, Tx, args, placeholders};
use souk_types::Timestamp;

use super::pieces;

/// Returns how often events of a partition failed, and when they are due, by offset.
pub async fn list(reader: &Reader, subscription: i64, partition: u32) -> Result<HashMap<i64, (u32, Timestamp)>, Error> {
    let sql = "SELECT log_offset, attempts, due_time FROM retry WHERE subscription = $1 AND partition = $2";
    let rows = reader.query(sql, args![subscription, partition]).await?;
    rows.iter().map(|row| Ok((row.get("log_offset")?, (row.get("attempts")?, row.get("due_time")?)))).collect()
}

/// Records that events failed: offset, attempts, and when it is due.
pub async fn set(tx: &Tx, subscription: i64, partition: u32, failed: &[(i64, u32, Timestamp)]) -> Result<(), Error> {
    for piece in pieces(failed, tx.engine()) {
        let sql = format!(
            "INSERT INTO retry (subscription, partition, log_offset, attempts, due_time) VALUES {} \
             ON CONFLICT (subscription, partition, log_offset) \
             DO UPDATE SET attempts = excluded.attempts, due_time = excluded.due_time",
            placeholders(1, piece.len(), 5)
        );
        let mut values = Vec::with_capacity(piece.len() * 5);
        for (offset, attempts, due) in piece {
            let row = [subscription.to_arg(), partition.to_arg(), offset.to_arg(), attempts.to_arg(), due.to_arg()];
            values.extend(row);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Forgets the failures of events.
pub async fn delete(tx: &Tx, subscription: i64, partition: u32, offsets: &[i64]) -> Result<(), Error> {
    for piece in pieces(offsets, tx.engine()) {
        let sql = format!(
            "DELETE FROM retry WHERE subscription = $1 AND partition = $2 AND log_offset IN {}",
            placeholders(3, 1, piece.len())
        );
        let mut values = vec![subscription.to_arg(), partition.to_arg()];
        values.extend(piece.iter().map(ToArg::to_arg));
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Forgets all failures of a partition.
pub async fn delete_all(tx: &Tx, subscription: i64, partition: u32) -> Result<(), Error> {
    let sql = "DELETE FROM retry WHERE subscription = $1 AND partition = $2";
    tx.execute(sql, args![subscription, partition]).await.map(drop)
}
