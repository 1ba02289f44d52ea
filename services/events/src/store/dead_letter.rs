//! Dead letters: dead, to be delivered again (requeued), or finished after that, which is remembered for a while so that
//! requeuing it again changes nothing.

use std::sync::Arc;

use prost::Message;
use souk_data::{Reader, Row, ToArg, Tx, args, placeholders};
use souk_types::Timestamp;

use super::log::decode;
use crate::error::Error;
use crate::log::{Entry, size_of};
use crate::window::Dead;

const DEAD: i64 = 1;
const REQUEUED: i64 = 2;
const FINISHED: i64 = 3;

/// An event that a subscription could not finish.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub partition: u32,
    pub entry: Entry,
    pub attempts: u32,
    pub reason: String,
    pub create_time: Timestamp,
    pub is_requeued: bool,
    /// When it is to be delivered again, if it is requeued.
    pub due: Timestamp,
}

const COLUMNS: &str =
    "partition, log_offset, publish_time, event, attempts, reason, create_time, state, due_time FROM dead_letter";

/// The oldest of a subscription, which is `$2`, at most `$3`.
const OLDEST: &str = "SELECT partition, log_offset FROM dead_letter WHERE subscription = $2 AND state = 1 \
                      ORDER BY create_time, partition, log_offset LIMIT $3";

/// Adds a dead letter. One of the same event, from before the subscription was set back, is replaced.
pub async fn insert(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    dead: &Dead,
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let sql = "INSERT INTO dead_letter \
               (subscription, partition, log_offset, publish_time, event, attempts, reason, create_time, state, due_time) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 0) \
               ON CONFLICT (subscription, partition, log_offset) DO UPDATE SET event = excluded.event, \
               attempts = excluded.attempts, reason = excluded.reason, create_time = excluded.create_time, state = 1";
    let entry = &dead.entry;
    let encoded = entry.event.encode_to_vec();
    let row =
        args![subscription, partition, entry.offset, entry.publish_time, encoded, dead.attempts, dead.reason, now];
    tx.execute(sql, row).await.map(drop)
}

/// Makes a requeued one dead again.
pub async fn die_again(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    dead: &Dead,
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let sql = "UPDATE dead_letter SET state = 1, attempts = $1, reason = $2, create_time = $3 \
               WHERE subscription = $4 AND partition = $5 AND log_offset = $6 AND state = 2";
    let row = args![dead.attempts, dead.reason, now, subscription, partition, dead.entry.offset];
    tx.execute(sql, row).await.map(drop)
}

/// Records that a requeued one failed.
pub async fn fail(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    offset: i64,
    attempts: u32,
    due: Timestamp,
) -> Result<(), souk_data::Error> {
    let sql = "UPDATE dead_letter SET attempts = $1, due_time = $2 \
               WHERE subscription = $3 AND partition = $4 AND log_offset = $5 AND state = 2";
    tx.execute(sql, args![attempts, due, subscription, partition, offset]).await.map(drop)
}

/// Records that a requeued one was handled.
pub async fn finish(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    offset: i64,
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let sql = "UPDATE dead_letter SET state = 3, event = $1, reason = '', create_time = $2 \
               WHERE subscription = $3 AND partition = $4 AND log_offset = $5 AND state = 2";
    tx.execute(sql, args![Vec::new(), now, subscription, partition, offset]).await.map(drop)
}

/// Returns partition and offset of those that are to be delivered again.
pub async fn requeued(reader: &Reader, subscription: i64) -> Result<Vec<(u32, i64)>, Error> {
    let sql = "SELECT partition, log_offset FROM dead_letter WHERE subscription = $1 AND state = 2 \
               ORDER BY create_time, partition, log_offset LIMIT 10000";
    let rows = reader.query(sql, args![subscription]).await?;
    rows.iter().map(|row| Ok((row.get("partition")?, row.get("log_offset")?))).collect()
}

/// Returns one.
pub async fn find(
    reader: &Reader,
    subscription: i64,
    partition: u32,
    offset: i64,
) -> Result<Option<DeadLetter>, Error> {
    let sql = format!("SELECT {COLUMNS} WHERE subscription = $1 AND partition = $2 AND log_offset = $3 AND state < 3");
    let row = reader.query_row(&sql, args![subscription, partition, offset]).await?;
    row.as_ref().map(read).transpose()
}

/// Returns how many there are.
pub async fn count(reader: &Reader, subscription: i64) -> Result<i64, Error> {
    let sql = "SELECT count(*) AS letters FROM dead_letter WHERE subscription = $1 AND state = 1";
    let row = reader.query_row(sql, args![subscription]).await?;
    Ok(row.map(|row| row.get("letters")).transpose()?.unwrap_or_default())
}

/// Returns the oldest ones after this one, at most so many and about so many bytes, and whether there are more.
pub async fn list(
    reader: &Reader,
    subscription: i64,
    after: (i64, i64, i64),
    limit: usize,
    max_bytes: usize,
) -> Result<(Vec<DeadLetter>, bool), Error> {
    let sql = "SELECT partition, log_offset, CAST(length(event) + 4 * length(reason) + 200 AS BIGINT) AS bytes \
               FROM dead_letter WHERE subscription = $1 AND state = 1 AND (create_time > $2 OR (create_time = $3 AND \
               (partition > $4 OR (partition = $5 AND log_offset > $6)))) \
               ORDER BY create_time, partition, log_offset LIMIT $7";
    let (time, partition, offset) = after;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = reader.query(sql, args![subscription, time, time, partition, partition, offset, limit + 1]).await?;
    let (mut letters, mut bytes) = (Vec::new(), 0);
    for row in &rows {
        bytes += usize::try_from(row.get::<i64>("bytes")?).unwrap_or_default();
        if letters.len() as i64 == limit || (bytes > max_bytes && !letters.is_empty()) {
            return Ok((letters, true));
        }
        letters.extend(find(reader, subscription, row.get("partition")?, row.get("log_offset")?).await?);
    }
    Ok((letters, false))
}

/// Requeues the oldest dead letters, at most so many. Returns how many there were.
pub async fn requeue_oldest(tx: &Tx, subscription: i64, limit: i64) -> Result<u64, Error> {
    let sql = format!(
        "UPDATE dead_letter SET state = 2, attempts = 0, due_time = 0 \
         WHERE subscription = $1 AND (partition, log_offset) IN ({OLDEST})"
    );
    Ok(tx.execute(&sql, args![subscription, subscription, limit]).await?)
}

/// Requeues these dead letters. Returns how many were dead, or the first that is not there.
pub async fn requeue(tx: &Tx, subscription: i64, ids: &[(u32, i64)]) -> Result<Result<u64, (u32, i64)>, Error> {
    let mut requeued = 0;
    for (partition, offset) in ids {
        let sql = "UPDATE dead_letter SET state = 2, attempts = 0, due_time = 0 \
                   WHERE subscription = $1 AND partition = $2 AND log_offset = $3 AND state = 1";
        let changed = tx.execute(sql, args![subscription, partition, offset]).await?;
        requeued += changed;
        if changed == 0 {
            let sql = "SELECT state FROM dead_letter WHERE subscription = $1 AND partition = $2 AND log_offset = $3";
            if tx.query_row(sql, args![subscription, partition, offset]).await?.is_none() {
                return Ok(Err((*partition, *offset)));
            }
        }
    }
    Ok(Ok(requeued))
}

/// Forgets the oldest dead letters, at most so many. Returns how many there were.
pub async fn delete_oldest(tx: &Tx, subscription: i64, limit: i64) -> Result<u64, Error> {
    let sql = format!("DELETE FROM dead_letter WHERE subscription = $1 AND (partition, log_offset) IN ({OLDEST})");
    Ok(tx.execute(&sql, args![subscription, subscription, limit]).await?)
}

/// Forgets these dead letters. Returns how many there were.
pub async fn delete(tx: &Tx, subscription: i64, ids: &[(u32, i64)]) -> Result<u64, Error> {
    let mut deleted = 0;
    for piece in ids.chunks(16) {
        let mut values = vec![subscription.to_arg()];
        values.extend(piece.iter().flat_map(|(partition, offset)| [partition.to_arg(), offset.to_arg()]));
        let sql = format!(
            "DELETE FROM dead_letter WHERE subscription = $1 AND state = 1 AND (partition, log_offset) IN (VALUES {})",
            placeholders(2, piece.len(), 2)
        );
        deleted += tx.execute(&sql, &values).await?;
    }
    Ok(deleted)
}

/// Forgets what was handled before a time. Returns how many there were.
pub async fn purge(tx: &Tx, before: Timestamp) -> Result<u64, Error> {
    let sql = "DELETE FROM dead_letter WHERE state = 3 AND create_time < $1";
    Ok(tx.execute(sql, args![before]).await?)
}

fn read(row: &Row) -> Result<DeadLetter, Error> {
    let (partition, offset): (u32, i64) = (row.get("partition")?, row.get("log_offset")?);
    let event = decode(row.get("event")?)
        .map_err(|error| Error::Inconsistent(format!("dead letter {partition}_{offset}: {error}")))?;
    let bytes = size_of(&event);
    let entry = Entry { offset, publish_time: row.get("publish_time")?, event: Arc::new(event), bytes };
    let state: i64 = row.get("state")?;
    debug_assert!([DEAD, REQUEUED, FINISHED].contains(&state));
    Ok(DeadLetter {
        partition,
        entry,
        attempts: row.get("attempts")?,
        reason: row.get("reason")?,
        create_time: row.get("create_time")?,
        is_requeued: state == REQUEUED,
        due: row.get("due_time")?,
    })
}
