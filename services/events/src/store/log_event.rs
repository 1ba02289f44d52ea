//! The events of the log. [`append`] and [`delete_before`] keep the counts of their partition in
//! the same write.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, raw_sql};
use souk_client::events::v1 as pb;
use souk_data::{Error, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::Timestamp;

use super::log_partition;
use crate::log::{Entry, LogError, size_of};

/// An event, encoded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub log_offset: i64,
    pub publish_time: Timestamp,
    pub event: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An event that is to be added.
pub struct NewEvent {
    pub partition: u32,
    pub event: Arc<pb::Event>,
    pub encoded: Vec<u8>,
}

/// Where an event was added to its partition, and when.
#[derive(Clone, Copy, Debug)]
pub struct LogPosition {
    pub offset: i64,
    pub publish_time: Timestamp,
}

/// Adds events behind those that are there; returns the position of each, in order.
pub async fn append(
    tx: &Tx,
    events: &[NewEvent],
    now: Timestamp,
) -> Result<Vec<LogPosition>, Error> {
    let numbers: BTreeSet<i64> = events.iter().map(|event| event.partition.into()).collect();
    let mut partitions = log_partition::lock(tx, &numbers).await?;

    let mut positions = Vec::with_capacity(events.len());
    for event in events {
        let partition =
            partitions.get_mut(&event.partition.into()).expect("the partition was locked");
        partition.last_time = Ord::max(partition.last_time, now);
        positions
            .push(LogPosition { offset: partition.next_offset, publish_time: partition.last_time });
        partition.next_offset += 1;
    }

    insert(tx, events, &positions).await?;
    for partition in partitions.values() {
        log_partition::advance(tx, partition).await?;
    }
    Ok(positions)
}

async fn insert(tx: &Tx, events: &[NewEvent], positions: &[LogPosition]) -> Result<(), Error> {
    let mut new: Vec<(i64, i64, Timestamp, &[u8])> = Vec::with_capacity(events.len());
    for (event, position) in events.iter().zip(positions) {
        new.push((event.partition.into(), position.offset, position.publish_time, &event.encoded));
    }
    for new in rows::chunks(&new) {
        // SQL, since every published event passes here, and the builder takes longer over a row
        // than SQLite.
        let insert = raw_sql!(
            Postgres,
            "INSERT INTO log_event (partition, log_offset, publish_time, event) VALUES {..(new.0:3),}"
        );
        tx.execute_raw(insert).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Size {
    log_offset: i64,
    bytes: i64,
}

static SIZES: Prepared<Select<Entity>, Size> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::LogOffset)
        .column_as(Func::cust("length").arg(Column::Event.into_expr()).cast_as("BIGINT"), "bytes")
        .filter(Column::Partition.eq(given(0)))
        .filter(Column::LogOffset.gte(given(1)))
        .order_by_asc(Column::LogOffset)
        .limit(given_limit(2))
});

/// An event without its partition, which the reader knows.
#[derive(FromQueryResult)]
struct Stored {
    log_offset: i64,
    publish_time: Timestamp,
    event: Vec<u8>,
}

static RANGE: Prepared<Select<Entity>, Stored> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .columns([Column::LogOffset, Column::PublishTime, Column::Event])
        .filter(Column::Partition.eq(given(0)))
        .filter(Column::LogOffset.gte(given(1)))
        .filter(Column::LogOffset.lte(given(2)))
        .order_by_asc(Column::LogOffset)
});

/// Returns events from an offset on, at most `max_events` and about `max_bytes`; the first comes
/// whatever its size.
pub async fn read(
    reader: &Reader,
    partition: u32,
    from: i64,
    max_events: usize,
    max_bytes: usize,
) -> Result<Vec<Entry>, LogError> {
    // The sizes first, which costs no reading of the events themselves: `max_events` large ones
    // would not fit into memory.
    let number = i64::from(partition);
    let limit = i64::try_from(max_events).unwrap_or(i64::MAX);
    let sizes = SIZES.all(reader, [number.into(), from.into(), limit.into()]).await?;
    let max_bytes = i64::try_from(max_bytes).unwrap_or(i64::MAX);
    let mut total = 0;
    let mut last = None;
    for size in sizes {
        total += size.bytes;
        if last.is_some() && total > max_bytes {
            break;
        }
        last = Some(size.log_offset);
    }
    let Some(last) = last else { return Ok(Vec::new()) };

    let found = RANGE.all(reader, [number.into(), from.into(), last.into()]).await?;
    let mut entries = Vec::with_capacity(found.len());
    for Stored { log_offset: offset, publish_time, event } in found {
        let event = decode(event).map_err(|error| {
            LogError::Corrupt(format!("event {offset} of partition {partition}: {error}"))
        })?;
        let bytes = size_of(&event);
        entries.push(Entry { offset, publish_time, event: Arc::new(event), bytes });
    }
    Ok(entries)
}

/// Decodes a stored event.
pub(super) fn decode(stored: Vec<u8>) -> Result<pb::Event, prost::DecodeError> {
    pb::Event::decode(Bytes::from(stored))
}

#[derive(FromQueryResult)]
struct PublishTime {
    publish_time: Timestamp,
}

static PUBLISH_TIME: Prepared<Select<Entity>, PublishTime> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::PublishTime)
        .filter(Column::Partition.eq(given(0)))
        .filter(Column::LogOffset.eq(given(1)))
});

/// Returns when the log took an event, if it is there.
pub async fn publish_time(
    reader: &Reader,
    partition: u32,
    offset: i64,
) -> Result<Option<Timestamp>, Error> {
    let found = PUBLISH_TIME.one(reader, [i64::from(partition).into(), offset.into()]).await?;
    Ok(found.map(|row| row.publish_time))
}

/// Deletes the events of a partition before an offset. Returns how many there were.
pub async fn delete_before(tx: &Tx, &(partition, offset): &(u32, i64)) -> Result<u64, Error> {
    let partition = i64::from(partition);
    log_partition::set_first(tx, partition, offset).await?;
    let old = Entity::delete_many()
        .filter(Column::Partition.eq(partition))
        .filter(Column::LogOffset.lt(offset));
    Ok(old.exec(tx).await?.rows_affected)
}
