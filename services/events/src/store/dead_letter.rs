//! Dead letters: dead, to be delivered again (requeued), or finished after that, which is kept for
//! a while so that requeuing it again changes nothing.

use std::sync::Arc;

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func, OnConflict};
use sea_orm::{
    DeriveActiveEnum, EnumIter, FromQueryResult, QueryOrder, QuerySelect, QueryTrait, Set,
    UpdateMany, raw_sql,
};
use souk_data::page::PAGE_BYTES;
use souk_data::{Change, Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::Timestamp;

use super::{log_event, narrow};
use crate::dead_letter::{DeadLetter, DeadLetterId};
use crate::error::Error;
use crate::log::{Entry, size_of};
use crate::window::Dead;

/// The most dead letters of a subscription that wait together for another delivery.
const MAX_REQUEUED: u64 = 10_000;

/// An event that a subscription could not finish. It holds the event, since the log deletes it in
/// time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub log_offset: i64,
    pub publish_time: Timestamp,
    /// Encoded; empty when it is finished.
    pub event: Vec<u8>,
    pub attempts: i64,
    pub reason: String,
    pub create_time: Timestamp,
    pub state: State,
    pub due_time: Timestamp,
}

/// What happens to a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    Dead = 1,
    /// To be delivered again.
    Requeued = 2,
    /// Handled after it was requeued.
    Finished = 3,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for DeadLetter {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let id = DeadLetterId { partition: narrow(row.partition)?, offset: row.log_offset };
        let event = log_event::decode(row.event)
            .map_err(|error| Error::Inconsistent(format!("dead letter {id}: {error}")))?;
        let bytes = size_of(&event);
        Ok(DeadLetter {
            id,
            entry: Entry {
                offset: id.offset,
                publish_time: row.publish_time,
                event: Arc::new(event),
                bytes,
            },
            attempts: narrow(row.attempts)?,
            reason: row.reason,
            create_time: row.create_time,
            is_requeued: row.state == State::Requeued,
            due: row.due_time,
        })
    }
}

/// Adds a dead letter. One of the same event, from before the subscription was set back, is
/// replaced.
pub(super) async fn insert(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    dead: &Dead,
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let row = ActiveModel {
        subscription: Set(subscription),
        partition: Set(partition.into()),
        log_offset: Set(dead.entry.offset),
        publish_time: Set(dead.entry.publish_time),
        event: Set(dead.entry.event.encode_to_vec()),
        attempts: Set(dead.attempts.into()),
        reason: Set(dead.reason.clone()),
        create_time: Set(now),
        state: Set(State::Dead),
        due_time: Set(Timestamp::from_micros(0)),
    };
    let key = [Column::Subscription, Column::Partition, Column::LogOffset];
    let replaced =
        [Column::Event, Column::Attempts, Column::Reason, Column::CreateTime, Column::State];
    Entity::insert(row)
        .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Makes a requeued one dead again.
pub(super) async fn die_again(
    tx: &Tx,
    key: (i64, u32, i64),
    dead: &Dead,
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let change = ActiveModel {
        state: Set(State::Dead),
        attempts: Set(dead.attempts.into()),
        reason: Set(dead.reason.clone()),
        create_time: Set(now),
        ..Default::default()
    };
    change_requeued(tx, key, change).await
}

/// Records that a requeued one failed.
pub(super) async fn fail(
    tx: &Tx,
    key: (i64, u32, i64),
    attempts: u32,
    due: Timestamp,
) -> Result<(), souk_data::Error> {
    let change =
        ActiveModel { attempts: Set(attempts.into()), due_time: Set(due), ..Default::default() };
    change_requeued(tx, key, change).await
}

/// Records that a requeued one was handled.
pub(super) async fn finish(
    tx: &Tx,
    key: (i64, u32, i64),
    now: Timestamp,
) -> Result<(), souk_data::Error> {
    let change = ActiveModel {
        state: Set(State::Finished),
        event: Set(Vec::new()),
        reason: Set(String::new()),
        create_time: Set(now),
        ..Default::default()
    };
    change_requeued(tx, key, change).await
}

/// Changes the requeued one of this subscription, partition and offset.
async fn change_requeued(
    tx: &Tx,
    (subscription, partition, offset): (i64, u32, i64),
    change: ActiveModel,
) -> Result<(), souk_data::Error> {
    Entity::update_many()
        .set(change)
        .filter(Column::Subscription.eq(subscription))
        .filter(Column::Partition.eq(i64::from(partition)))
        .filter(Column::LogOffset.eq(offset))
        .filter(Column::State.eq(State::Requeued))
        .exec(tx)
        .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Id {
    partition: i64,
    log_offset: i64,
}

static REQUEUED: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    let of_subscription = Entity::find().filter(Column::Subscription.eq(given(0)));
    oldest(of_subscription.filter(Column::State.eq(State::Requeued)))
        .select_only()
        .columns([Column::Partition, Column::LogOffset])
        .limit(MAX_REQUEUED)
});

/// Returns those that are to be delivered again.
pub async fn requeued(reader: &Reader, subscription: i64) -> Result<Vec<DeadLetterId>, Error> {
    let found = REQUEUED.all(reader, [subscription.into()]).await?;
    found
        .into_iter()
        .map(|row| Ok(DeadLetterId { partition: narrow(row.partition)?, offset: row.log_offset }))
        .collect()
}

static BY_ID: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Subscription.eq(given(0)))
        .filter(Column::Partition.eq(given(1)))
        .filter(Column::LogOffset.eq(given(2)))
        .filter(Column::State.ne(State::Finished))
});

/// Returns one, unless it is finished.
pub async fn find(
    reader: &Reader,
    subscription: i64,
    id: DeadLetterId,
) -> Result<Option<DeadLetter>, Error> {
    let given = [subscription.into(), i64::from(id.partition).into(), id.offset.into()];
    BY_ID.one(reader, given).await?.map(DeadLetter::try_from).transpose()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

static COUNT: Prepared<Select<Entity>, Count> =
    Prepared::new(|| dead().select_only().column_as(Column::LogOffset.count(), "count"));

fn dead() -> Select<Entity> {
    Entity::find().filter(Column::Subscription.eq(given(0))).filter(Column::State.eq(State::Dead))
}

fn oldest(letters: Select<Entity>) -> Select<Entity> {
    letters
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Partition)
        .order_by_asc(Column::LogOffset)
}

/// Returns how many there are.
pub async fn count(reader: &Reader, subscription: i64) -> Result<i64, Error> {
    Ok(COUNT.one(reader, [subscription.into()]).await?.map_or(0, |row| row.count))
}

#[derive(FromQueryResult)]
struct Size {
    bytes: i64,
}

static SIZES_AFTER: Prepared<Select<Entity>, Size> = Prepared::new(|| {
    let length = Func::cust("length").arg(Column::Event.into_expr()).cast_as("BIGINT");
    after().select_only().column_as(length, "bytes")
});
static AFTER: Find<Entity> = Find::new(after);

fn after() -> Select<Entity> {
    let place =
        [Column::CreateTime, Column::Partition, Column::LogOffset].map(|column| column.into_expr());
    let after = [given(1), given(2), given(3)].map(Expr::val);
    oldest(dead().filter(Expr::tuple(place).gt(Expr::tuple(after)))).limit(given_limit(4))
}

/// Returns the oldest ones after this one, which its time, partition and offset name: at most
/// `limit`, and no more than fill a page of [`PAGE_BYTES`] and one beyond it.
pub async fn list(
    reader: &Reader,
    subscription: i64,
    (time, partition, offset): (Timestamp, i64, i64),
    limit: i64,
) -> Result<Vec<DeadLetter>, Error> {
    let given = |limit: i64| {
        [subscription.into(), time.into(), partition.into(), offset.into(), limit.into()]
    };
    // The sizes first, which costs no reading of the events themselves: `limit` large ones would
    // not fit into memory.
    let mut bytes = 0;
    let mut fitting = 0;
    for size in SIZES_AFTER.all(reader, given(limit)).await? {
        // The first two always: one alone would look like the last page.
        if fitting >= 2 && bytes > PAGE_BYTES as i64 {
            break;
        }
        bytes += size.bytes;
        fitting += 1;
    }
    let found = AFTER.all(reader, given(fitting)).await?;
    found.into_iter().map(DeadLetter::try_from).collect()
}

/// Requeues the oldest dead letters, at most `limit`. Returns how many there were.
pub async fn requeue_oldest(tx: &Tx, &(subscription, limit): &(i64, u64)) -> Result<u64, Error> {
    let requeue = Entity::update_many()
        .set(requeue())
        .filter(Column::Subscription.eq(subscription))
        .filter(is_among_oldest(subscription, limit));
    Ok(requeue.exec(tx).await?.rows_affected)
}

fn requeue() -> ActiveModel {
    let due_time = Set(Timestamp::from_micros(0));
    ActiveModel { state: Set(State::Requeued), attempts: Set(0), due_time, ..Default::default() }
}

fn is_among_oldest(subscription: i64, limit: u64) -> Expr {
    let of_subscription = Entity::find().filter(Column::Subscription.eq(subscription));
    let oldest = oldest(of_subscription.filter(Column::State.eq(State::Dead)))
        .select_only()
        .columns([Column::Partition, Column::LogOffset])
        .limit(limit);
    Expr::tuple([Column::Partition.into_expr(), Column::LogOffset.into_expr()])
        .in_subquery(oldest.into_query())
}

static REQUEUE: Change<UpdateMany<Entity>> = Change::new(|| {
    Entity::update_many()
        .set(requeue())
        .filter(Column::Subscription.eq(given(0)))
        .filter(Column::Partition.eq(given(1)))
        .filter(Column::LogOffset.eq(given(2)))
        .filter(Column::State.eq(State::Dead))
});

/// Requeues these dead letters, all or none. Returns how many were dead.
pub async fn requeue_all(tx: &Tx, subscription: i64, ids: &[DeadLetterId]) -> Result<u64, Error> {
    let mut requeued = 0;
    for id in ids {
        let partition = i64::from(id.partition);
        let changed =
            REQUEUE.execute(tx, [subscription.into(), partition.into(), id.offset.into()]).await?;
        // What was requeued before, or is even finished, is there all the same.
        if changed == 0 && !exists(tx, subscription, *id).await? {
            return Err(Error::DeadLetterNotFound(id.to_string()));
        }
        requeued += changed;
    }
    Ok(requeued)
}

async fn exists(tx: &Tx, subscription: i64, id: DeadLetterId) -> Result<bool, Error> {
    Ok(Entity::find_by_id((subscription, i64::from(id.partition), id.offset)).count(tx).await? > 0)
}

/// Deletes the oldest dead letters, at most `limit`. Returns how many there were.
pub async fn delete_oldest(tx: &Tx, &(subscription, limit): &(i64, u64)) -> Result<u64, Error> {
    let delete = Entity::delete_many()
        .filter(Column::Subscription.eq(subscription))
        .filter(is_among_oldest(subscription, limit));
    Ok(delete.exec(tx).await?.rows_affected)
}

/// Deletes these dead letters. Returns how many there were.
pub async fn delete(tx: &Tx, (subscription, ids): &(i64, Vec<DeadLetterId>)) -> Result<u64, Error> {
    let ids: Vec<(i64, i64)> = ids.iter().map(|id| (id.partition.into(), id.offset)).collect();
    let mut deleted = 0;
    for ids in rows::chunks(&ids) {
        // SQL, since SQLite takes a list of pairs only as VALUES, which the builder does not write.
        let delete = raw_sql!(
            Postgres,
            "DELETE FROM dead_letter WHERE subscription = {subscription} AND state = 1
               AND (partition, log_offset) IN (VALUES {..(ids.0:1),})"
        );
        deleted += tx.execute_raw(delete).await?.rows_affected();
    }
    Ok(deleted)
}

/// Deletes what was handled before a time. Returns how many there were.
pub async fn purge(tx: &Tx, &before: &Timestamp) -> Result<u64, Error> {
    let old = Entity::delete_many()
        .filter(Column::State.eq(State::Finished))
        .filter(Column::CreateTime.lt(before));
    Ok(old.exec(tx).await?.rows_affected)
}
