//! The tables of the log: its events, and a row a partition that counts them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use souk_client::events::v1 as pb;
use souk_data::{Error, Reader, ToArg, Tx, args, placeholders};
use souk_types::Timestamp;

use super::pieces;
use crate::log::{Bounds, Entry, LogError, size_of};

/// An event that is added.
pub struct NewRow {
    pub partition: u32,
    pub event: Arc<pb::Event>,
    pub encoded: Vec<u8>,
}

/// What an append came to: the offset of each event in order, and when each partition took them.
pub struct Written {
    pub offsets: Vec<i64>,
    pub times: BTreeMap<u32, Timestamp>,
}

/// Makes the partitions that are missing; returns the next offset of every one there is.
pub async fn open(tx: &Tx, partitions: u32) -> Result<Vec<i64>, Error> {
    for partition in 0..partitions {
        let sql = "INSERT INTO log_partition (partition, first_offset, next_offset, last_time) VALUES ($1, 0, 0, 0) \
                   ON CONFLICT DO NOTHING";
        tx.execute(sql, args![partition]).await?;
    }
    next_offsets(tx).await
}

/// Returns the next offset of every partition, in their order.
pub async fn next_offsets(reader: &Reader) -> Result<Vec<i64>, Error> {
    let rows = reader.query("SELECT next_offset FROM log_partition ORDER BY partition", &[]).await?;
    rows.iter().map(|row| row.get("next_offset")).collect()
}

/// Returns what a partition holds.
pub async fn bounds(reader: &Reader, partition: u32) -> Result<Bounds, Error> {
    let sql = "SELECT first_offset, next_offset FROM log_partition WHERE partition = $1";
    match reader.query_row(sql, args![partition]).await? {
        Some(row) => Ok(Bounds { earliest: row.get("first_offset")?, next: row.get("next_offset")? }),
        None => Ok(Bounds { earliest: 0, next: 0 }),
    }
}

/// Adds events behind those that are there.
pub async fn append(tx: &Tx, rows: &[NewRow], now: Timestamp) -> Result<Written, Error> {
    let mut counts = BTreeMap::<u32, i64>::new();
    for row in rows {
        *counts.entry(row.partition).or_default() += 1;
    }
    let mut next = lock(tx, counts.keys().copied()).await?;
    let times = next.iter().map(|(partition, (_, last))| (*partition, now.max(*last))).collect::<BTreeMap<_, _>>();

    let mut offsets = Vec::with_capacity(rows.len());
    for row in rows {
        let (offset, _) = next.get_mut(&row.partition).expect("the partition was locked");
        offsets.push(*offset);
        *offset += 1;
    }
    let numbered: Vec<(&NewRow, i64)> = rows.iter().zip(offsets.iter().copied()).collect();
    for piece in pieces(&numbered, tx.engine()) {
        let sql = format!(
            "INSERT INTO log_event (partition, log_offset, publish_time, event) VALUES {}",
            placeholders(1, piece.len(), 4)
        );
        let mut values = Vec::with_capacity(piece.len() * 4);
        for (row, offset) in piece {
            let time = times.get(&row.partition).expect("the partition was locked");
            values.extend([row.partition.to_arg(), offset.to_arg(), time.to_arg(), row.encoded.to_arg()]);
        }
        tx.execute(&sql, &values).await?;
    }
    for (partition, (next, _)) in &next {
        let sql = "UPDATE log_partition SET next_offset = $1, last_time = $2 WHERE partition = $3";
        tx.execute(sql, args![next, times[partition], partition]).await?;
    }
    Ok(Written { offsets, times })
}

/// Locks partitions by number; returns the next offset and the last time of each.
async fn lock(tx: &Tx, partitions: impl Iterator<Item = u32>) -> Result<BTreeMap<u32, (i64, Timestamp)>, Error> {
    let numbers: Vec<i64> = partitions.map(i64::from).collect();
    let sql = format!(
        "SELECT partition, next_offset, last_time FROM log_partition WHERE partition IN {} ORDER BY partition{}",
        placeholders(1, 1, numbers.len()),
        tx.lock_rows()
    );
    let values: Vec<_> = numbers.iter().map(ToArg::to_arg).collect();
    let rows = tx.query(&sql, &values).await?;
    let read = |row: &souk_data::Row| Ok((row.get("partition")?, (row.get("next_offset")?, row.get("last_time")?)));
    rows.iter().map(read).collect()
}

/// Returns events from an offset on, at most so many and about so many bytes; the first comes whatever its size.
pub async fn read(
    reader: &Reader,
    partition: u32,
    from: i64,
    max_events: usize,
    max_bytes: usize,
) -> Result<Vec<Entry>, LogError> {
    // The sizes first, which costs no reading of the events themselves: so many large ones would not fit into memory.
    let sql = "SELECT log_offset, CAST(length(event) AS BIGINT) AS bytes FROM log_event \
               WHERE partition = $1 AND log_offset >= $2 ORDER BY log_offset LIMIT $3";
    let sizes = reader.query(sql, args![partition, from, i64::try_from(max_events).unwrap_or(i64::MAX)]).await?;
    let (mut total, mut last) = (0, None);
    for row in &sizes {
        total += row.get::<i64>("bytes")?;
        if last.is_some() && total > i64::try_from(max_bytes).unwrap_or(i64::MAX) {
            break;
        }
        last = Some(row.get::<i64>("log_offset")?);
    }
    let Some(last) = last else { return Ok(Vec::new()) };

    let sql = "SELECT log_offset, publish_time, event FROM log_event \
               WHERE partition = $1 AND log_offset >= $2 AND log_offset <= $3 ORDER BY log_offset";
    let rows = reader.query(sql, args![partition, from, last]).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let offset = row.get("log_offset")?;
        let event = decode(row.get("event")?)
            .map_err(|error| LogError::Corrupt(format!("event {offset} of partition {partition}: {error}")))?;
        let bytes = size_of(&event);
        entries.push(Entry { offset, publish_time: row.get("publish_time")?, event: Arc::new(event), bytes });
    }
    Ok(entries)
}

/// Reads a stored event.
pub fn decode(stored: Vec<u8>) -> Result<pb::Event, prost::DecodeError> {
    pb::Event::decode(Bytes::from(stored))
}

/// Returns when the log took an event, if it is there.
pub async fn publish_time(reader: &Reader, partition: u32, offset: i64) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT publish_time FROM log_event WHERE partition = $1 AND log_offset = $2";
    let row = reader.query_row(sql, args![partition, offset]).await?;
    row.map(|row| row.get("publish_time")).transpose()
}

/// Deletes the events before an offset. Returns how many there were.
pub async fn delete_before(tx: &Tx, partition: u32, offset: i64) -> Result<u64, Error> {
    let sql = "UPDATE log_partition SET first_offset = $1 WHERE partition = $2 AND first_offset < $3";
    tx.execute(sql, args![offset, partition, offset]).await?;
    tx.execute("DELETE FROM log_event WHERE partition = $1 AND log_offset < $2", args![partition, offset]).await
}
