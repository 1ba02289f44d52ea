//! Locations. They are never deleted.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, Set, Unchanged};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::Timestamp;

use crate::error::Error;
use crate::location::Location;

/// A place that holds stock.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    pub title: String,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub address: Option<Vec<u8>>,
    pub priority: i64,
    /// 1 or 0.
    pub is_active: i64,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Location {
    fn from(row: Model) -> Self {
        Location {
            id: row.location_id,
            title: row.title,
            address: row.address,
            priority: row.priority,
            is_active: row.is_active == 1,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

impl From<&Location> for Model {
    fn from(location: &Location) -> Self {
        Model {
            location_id: location.id.clone(),
            title: location.title.clone(),
            create_time: location.create_time,
            update_time: location.update_time,
            address: location.address.clone(),
            priority: location.priority,
            is_active: location.is_active.into(),
            version: location.version,
        }
    }
}

/// Adds a location unless its id is taken; returns the one that is there now.
pub async fn insert_or_get(tx: &Tx, location: &Location) -> Result<Location, Error> {
    rows::insert_missing(tx, &[Model::from(location).into_active_model()]).await?;
    get(tx, &location.id).await
}

static BY_ID: Find<Entity> = Find::new(by_id);
static LOCKED_BY_ID: Find<Entity> = Find::new(|| by_id().lock(LockType::Update));

fn by_id() -> Select<Entity> {
    Entity::find().filter(Column::LocationId.eq(given(0)))
}

/// Returns a location.
pub async fn get(reader: &Reader, id: &str) -> Result<Location, Error> {
    let found = BY_ID.one(reader, [id.into()]).await?;
    found.map(Location::from).ok_or_else(|| Error::LocationNotFound(id.to_owned()))
}

/// Locks a location until the end of the write.
pub async fn lock(tx: &Tx, id: &str) -> Result<Location, Error> {
    let found = LOCKED_BY_ID.one(tx, [id.into()]).await?;
    found.map(Location::from).ok_or_else(|| Error::LocationNotFound(id.to_owned()))
}

/// Writes a location that was locked before.
pub async fn update(tx: &Tx, location: &Location) -> Result<(), Error> {
    let row = ActiveModel {
        location_id: Unchanged(location.id.clone()),
        title: Set(location.title.clone()),
        create_time: Unchanged(location.create_time),
        update_time: Set(location.update_time),
        address: Set(location.address.clone()),
        priority: Set(location.priority),
        is_active: Set(location.is_active.into()),
        version: Set(location.version),
    };
    Entity::update(row).validate()?.exec(tx).await?;
    Ok(())
}

/// Fails when one of these locations does not exist. Locations are never deleted, so nothing has to
/// be locked.
pub async fn check(reader: &Reader, wanted: BTreeSet<&str>) -> Result<(), Error> {
    let wanted: Vec<&str> = wanted.into_iter().collect();
    for ids in rows::chunks(&wanted) {
        let found = Entity::find()
            .filter(Column::LocationId.is_in(ids.iter().copied()))
            .all(reader)
            .await?;
        if let Some(missing) =
            ids.iter().find(|id| !found.iter().any(|found| found.location_id == **id))
        {
            return Err(Error::LocationNotFound((*missing).to_owned()));
        }
    }
    Ok(())
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::LocationId.gt(given(0)))
        .order_by_asc(Column::LocationId)
        .limit(given_limit(1))
});

/// Returns the locations after this id.
pub async fn list(reader: &Reader, after: &str, limit: i64) -> Result<Vec<Location>, Error> {
    let found = AFTER.all(reader, [after.into(), limit.into()]).await?;
    Ok(found.into_iter().map(Location::from).collect())
}
