//! The partitions of the log, each with the offsets that it holds.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set, UpdateMany};
use souk_data::{Change, Error, Find, Prepared, Reader, Tx, given, rows};
use souk_types::Timestamp;

use crate::log::Bounds;

/// The offsets from `first_offset` to before `next_offset` are there. An append locks the row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_partition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    pub first_offset: i64,
    pub next_offset: i64,
    /// When it took its last event.
    pub last_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Makes the partitions that are missing; returns the next offset of every one there is.
pub async fn open(tx: &Tx, &partitions: &u32) -> Result<Vec<i64>, Error> {
    let empty = (0..partitions).map(|partition| ActiveModel {
        partition: Set(partition.into()),
        first_offset: Set(0),
        next_offset: Set(0),
        last_time: Set(Timestamp::from_micros(0)),
    });
    rows::insert_missing(tx, &empty.collect::<Vec<_>>()).await?;
    next_offsets(tx).await
}

#[derive(FromQueryResult)]
struct Next {
    next_offset: i64,
}

static NEXT: Prepared<Select<Entity>, Next> = Prepared::that_reads_all(|| {
    Entity::find().select_only().column(Column::NextOffset).order_by_asc(Column::Partition)
});

/// Returns the next offset of every partition, in their order.
pub async fn next_offsets(reader: &Reader) -> Result<Vec<i64>, Error> {
    Ok(NEXT.all(reader, []).await?.into_iter().map(|row| row.next_offset).collect())
}

static BY_NUMBER: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::Partition.eq(given(0))));

/// Returns what a partition holds.
pub async fn bounds(reader: &Reader, partition: u32) -> Result<Bounds, Error> {
    let found = BY_NUMBER.one(reader, [i64::from(partition).into()]).await?;
    Ok(found.map_or(Bounds { earliest: 0, next: 0 }, |row| Bounds {
        earliest: row.first_offset,
        next: row.next_offset,
    }))
}

/// Locks partitions in the order of their numbers.
pub(super) async fn lock(
    tx: &Tx,
    partitions: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Model>, Error> {
    let found = Entity::find()
        .filter(Column::Partition.is_in(partitions.iter().copied()))
        .order_by_asc(Column::Partition)
        .lock(LockType::Update)
        .all(tx)
        .await?;
    Ok(found.into_iter().map(|row| (row.partition, row)).collect())
}

static ADVANCE: Change<UpdateMany<Entity>> = Change::new(|| {
    Entity::update_many()
        .col_expr(Column::NextOffset, Expr::val(given(0)))
        .col_expr(Column::LastTime, Expr::val(given(1)))
        .filter(Column::Partition.eq(given(2)))
});

/// Writes the next offset and the last time of a partition that was locked before.
pub(super) async fn advance(tx: &Tx, row: &Model) -> Result<(), Error> {
    ADVANCE
        .execute(tx, [row.next_offset.into(), row.last_time.into(), row.partition.into()])
        .await?;
    Ok(())
}

/// Writes the first offset that is kept.
pub(super) async fn set_first(tx: &Tx, partition: i64, offset: i64) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::FirstOffset, Expr::val(offset))
        .filter(Column::Partition.eq(partition))
        .filter(Column::FirstOffset.lt(offset))
        .exec(tx)
        .await?;
    Ok(())
}
