//! Subscriptions: who reads which events.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType, OnConflict};
use sea_orm::{QueryOrder, QuerySelect, Set, TryInsertResult};
use souk_data::{Error, Find, Reader, Tx, given, given_limit};
use souk_types::Timestamp;

use super::{dead_letter, narrow, position, reader, retry};
use crate::subscription::{EventTypes, Retries, Settings, Subscription};

/// A subscription. The number is what other rows refer to; it is never used again.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub name: String,
    pub owner: String,
    /// One on each line.
    pub event_types: String,
    /// In microseconds, as the two delays are.
    pub ack_deadline: i64,
    pub max_attempts: i64,
    pub min_retry_delay: i64,
    pub max_retry_delay: i64,
    pub create_time: Timestamp,
    pub revision: i64,
    pub update_time: Timestamp,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Subscription {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let duration = |micros: i64| Duration::from_micros(micros.unsigned_abs());
        Ok(Subscription {
            number: row.number,
            name: row.name,
            owner: row.owner,
            settings: Settings {
                event_types: EventTypes::new(row.event_types.lines().map(str::to_owned).collect()),
                ack_deadline: duration(row.ack_deadline),
                retries: Retries {
                    max_attempts: narrow(row.max_attempts)?,
                    min_delay: duration(row.min_retry_delay),
                    max_delay: duration(row.max_retry_delay),
                },
            },
            create_time: row.create_time,
            update_time: row.update_time,
            version: row.version,
            revision: row.revision,
        })
    }
}

impl From<&Settings> for ActiveModel {
    /// Sets the columns of the settings, and no others.
    fn from(settings: &Settings) -> Self {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let Settings { event_types, ack_deadline, retries } = settings;
        ActiveModel {
            event_types: Set(event_types.names().join("\n")),
            ack_deadline: Set(micros(*ack_deadline)),
            max_attempts: Set(retries.max_attempts.into()),
            min_retry_delay: Set(micros(retries.min_delay)),
            max_retry_delay: Set(micros(retries.max_delay)),
            ..Default::default()
        }
    }
}

static BY_NAME: Find<Entity> = Find::new(by_name);
static BY_NUMBER: Find<Entity> = Find::new(|| Entity::find().filter(Column::Number.eq(given(0))));
// Not locked against rows that merely refer to it.
static LOCKED_BY_NAME: Find<Entity> = Find::new(|| by_name().lock(LockType::NoKeyUpdate));

fn by_name() -> Select<Entity> {
    Entity::find().filter(Column::Name.eq(given(0)))
}

/// Returns a subscription by its name.
pub async fn find(reader: &Reader, name: &str) -> Result<Option<Subscription>, Error> {
    BY_NAME.one(reader, [name.into()]).await?.map(Subscription::try_from).transpose()
}

/// Returns a subscription by its number.
pub async fn find_by_number(reader: &Reader, number: i64) -> Result<Option<Subscription>, Error> {
    BY_NUMBER.one(reader, [number.into()]).await?.map(Subscription::try_from).transpose()
}

/// Returns a subscription by its name and locks it until the end of the write.
pub async fn lock(tx: &Tx, name: &str) -> Result<Option<Subscription>, Error> {
    LOCKED_BY_NAME.one(tx, [name.into()]).await?.map(Subscription::try_from).transpose()
}

/// Adds a subscription unless its name is taken. Returns whether it was added.
pub async fn insert(
    tx: &Tx,
    name: &str,
    owner: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        owner: Set(owner.to_owned()),
        create_time: Set(now),
        update_time: Set(now),
        version: Set(1),
        revision: Set(0),
        ..settings.into()
    };
    let insert =
        Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).try_insert();
    Ok(matches!(insert.exec(tx).await?, TryInsertResult::Inserted(_)))
}

/// Changes the settings.
pub async fn set(tx: &Tx, number: i64, settings: &Settings, now: Timestamp) -> Result<(), Error> {
    let row = ActiveModel { update_time: Set(now), ..settings.into() };
    Entity::update_many()
        .set(row)
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Number.eq(number))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends the streams that are open, wherever they are.
pub async fn revise(tx: &Tx, number: i64) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Revision, Column::Revision.into_expr().add(1))
        .filter(Column::Number.eq(number))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes a subscription and everything that belongs to it.
pub async fn delete(tx: &Tx, &number: &i64) -> Result<(), Error> {
    retry::Entity::delete_many().filter(retry::Column::Subscription.eq(number)).exec(tx).await?;
    dead_letter::Entity::delete_many()
        .filter(dead_letter::Column::Subscription.eq(number))
        .exec(tx)
        .await?;
    reader::Entity::delete_many().filter(reader::Column::Subscription.eq(number)).exec(tx).await?;
    position::Entity::delete_many()
        .filter(position::Column::Subscription.eq(number))
        .exec(tx)
        .await?;
    Entity::delete_many().filter(Column::Number.eq(number)).exec(tx).await?;
    Ok(())
}

static AFTER: Find<Entity> = Find::new(after);
static OF_OWNER_AFTER: Find<Entity> = Find::new(|| after().filter(Column::Owner.eq(given(2))));

fn after() -> Select<Entity> {
    Entity::find()
        .filter(Column::Name.gt(given(0)))
        .order_by_asc(Column::Name)
        .limit(given_limit(1))
}

/// Returns the subscriptions after this name, of one owner or of all.
pub async fn list(
    reader: &Reader,
    owner: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Subscription>, Error> {
    let found = match owner {
        Some(owner) => {
            OF_OWNER_AFTER.all(reader, [after.into(), limit.into(), owner.into()]).await?
        }
        None => AFTER.all(reader, [after.into(), limit.into()]).await?,
    };
    found.into_iter().map(Subscription::try_from).collect()
}
