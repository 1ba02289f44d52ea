//! Positions: the progress of each subscription in each partition, and which replica has the
//! partition. The epoch of the lease guards every write of progress.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType};
use sea_orm::{QueryOrder, QuerySelect, Set, UpdateMany};
use souk_data::{Change, Error, Find, Reader, Tx, given, rows};
use souk_types::Timestamp;

use super::{narrow, retry};
use crate::progress::Progress;

/// A position as it is stored. The epoch grows whenever its replica changes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "place")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    pub next_offset: i64,
    pub finished: Vec<u8>,
    pub owner: String,
    pub epoch: i64,
    pub lease_until: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far a subscription has come in one partition.
#[derive(Clone, Debug)]
pub struct Position {
    pub partition: u32,
    pub progress: Progress,
    /// Whether what is stored can be decoded. If not, it is delivered again, and the audit reports
    /// it.
    pub is_readable: bool,
    pub(super) owner: String,
    pub(super) epoch: i64,
    pub(super) lease_until: Timestamp,
}

impl TryFrom<Model> for Position {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let progress = Progress::decode(row.next_offset, &row.finished);
        Ok(Position {
            partition: narrow(row.partition)?,
            is_readable: progress.is_some(),
            progress: progress.unwrap_or_else(|| Progress::starting_at(row.next_offset)),
            owner: row.owner,
            epoch: row.epoch,
            lease_until: row.lease_until,
        })
    }
}

/// No lease.
const FREE: Timestamp = Timestamp::from_micros(0);

/// Adds the positions that a subscription does not have; `starts` holds the first offset of each
/// partition.
pub async fn insert_missing(tx: &Tx, subscription: i64, starts: &[i64]) -> Result<(), Error> {
    let rows = (0..).zip(starts).map(|(partition, start)| ActiveModel {
        subscription: Set(subscription),
        partition: Set(partition),
        next_offset: Set(*start),
        finished: Set(Vec::new()),
        owner: Set(String::new()),
        epoch: Set(0),
        lease_until: Set(FREE),
    });
    rows::insert_missing(tx, &rows.collect::<Vec<_>>()).await?;
    Ok(())
}

static OF_SUBSCRIPTION: Find<Entity> = Find::new(of_subscription);
static LOCKED_OF_SUBSCRIPTION: Find<Entity> =
    Find::new(|| of_subscription().lock(LockType::Update));

fn of_subscription() -> Select<Entity> {
    Entity::find().filter(Column::Subscription.eq(given(0))).order_by_asc(Column::Partition)
}

/// Returns the positions of a subscription by partition.
pub async fn list(reader: &Reader, subscription: i64) -> Result<Vec<Position>, Error> {
    let found = OF_SUBSCRIPTION.all(reader, [subscription.into()]).await?;
    found.into_iter().map(Position::try_from).collect()
}

/// Locks the positions of a subscription until the end of the write.
pub(super) async fn lock(tx: &Tx, subscription: i64) -> Result<Vec<Position>, Error> {
    let found = LOCKED_OF_SUBSCRIPTION.all(tx, [subscription.into()]).await?;
    found.into_iter().map(Position::try_from).collect()
}

static SET_PROGRESS: Change<UpdateMany<Entity>> = Change::new(|| {
    Entity::update_many()
        .col_expr(Column::NextOffset, Expr::val(given(0)))
        .col_expr(Column::Finished, Expr::val(given(1)))
        .filter(Column::Subscription.eq(given(2)))
        .filter(Column::Partition.eq(given(3)))
        .filter(Column::Epoch.eq(given(4)))
});

/// Writes how far a partition has come, where the lease of this epoch still holds. Returns whether
/// it does.
pub(super) async fn set_progress(
    tx: &Tx,
    (subscription, partition, epoch): (i64, u32, i64),
    progress: &Progress,
) -> Result<bool, Error> {
    let next = progress.next().into();
    let above = progress.encode_above().into();
    let given = [next, above, subscription.into(), i64::from(partition).into(), epoch.into()];
    Ok(SET_PROGRESS.execute(tx, given).await? == 1)
}

static HOLDERS: Find<Entity> =
    Find::new(|| of_subscription().filter(Column::Owner.ne("")).filter(Column::Owner.ne(given(1))));

/// Returns which partitions are leased to other replicas than this one, with their epochs: the
/// replica by partition and epoch.
pub async fn holders(
    reader: &Reader,
    subscription: i64,
    replica: &str,
) -> Result<BTreeMap<(u32, i64), String>, Error> {
    let found = HOLDERS.all(reader, [subscription.into(), replica.into()]).await?;
    found.into_iter().map(|row| Ok(((narrow(row.partition)?, row.epoch), row.owner))).collect()
}

static EXTEND: Change<UpdateMany<Entity>> = Change::new(|| {
    Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::val(given(0)))
        .filter(Column::Subscription.eq(given(1)))
        .filter(Column::Owner.eq(given(2)))
});

/// Extends all leases of a replica.
pub(super) async fn extend(
    tx: &Tx,
    subscription: i64,
    replica: &str,
    until: Timestamp,
) -> Result<(), Error> {
    EXTEND.execute(tx, [until.into(), subscription.into(), replica.into()]).await?;
    Ok(())
}

/// Leases a partition, which was locked before, to a replica.
pub(super) async fn lease(
    tx: &Tx,
    (subscription, partition, epoch): (i64, u32, i64),
    replica: &str,
    until: Timestamp,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Owner, Expr::val(replica))
        .col_expr(Column::Epoch, Expr::val(epoch))
        .col_expr(Column::LeaseUntil, Expr::val(until))
        .filter(Column::Subscription.eq(subscription))
        .filter(Column::Partition.eq(i64::from(partition)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Lets other replicas have the partitions that are still leased under these epochs.
pub async fn release(
    tx: &Tx,
    (subscription, epochs): &(i64, BTreeMap<u32, i64>),
) -> Result<(), Error> {
    for (partition, epoch) in epochs {
        Entity::update_many()
            .set(free())
            .filter(Column::Subscription.eq(*subscription))
            .filter(Column::Partition.eq(i64::from(*partition)))
            .filter(Column::Epoch.eq(*epoch))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Releases all partitions.
pub(super) async fn release_all(tx: &Tx) -> Result<(), Error> {
    Entity::update_many().set(free()).filter(Column::Owner.ne("")).exec(tx).await?;
    Ok(())
}

/// Ends all leases of a subscription: what their holders have not written does not count.
pub async fn revoke(tx: &Tx, subscription: i64) -> Result<(), Error> {
    lock(tx, subscription).await?;
    Entity::update_many()
        .set(free())
        .col_expr(Column::Epoch, Column::Epoch.into_expr().add(1))
        .filter(Column::Subscription.eq(subscription))
        .exec(tx)
        .await?;
    Ok(())
}

/// Sets partitions to other offsets; the current holder of the lease loses it. Attempts are counted
/// from zero again.
pub async fn seek(tx: &Tx, subscription: i64, offsets: &BTreeMap<u32, i64>) -> Result<(), Error> {
    revoke(tx, subscription).await?;
    for (partition, offset) in offsets {
        let position = ActiveModel {
            next_offset: Set(*offset),
            finished: Set(Vec::new()),
            ..Default::default()
        };
        Entity::update_many()
            .set(position)
            .filter(Column::Subscription.eq(subscription))
            .filter(Column::Partition.eq(i64::from(*partition)))
            .exec(tx)
            .await?;
        retry::delete_all(tx, subscription, *partition).await?;
    }
    Ok(())
}

fn free() -> ActiveModel {
    ActiveModel { owner: Set(String::new()), lease_until: Set(FREE), ..Default::default() }
}
