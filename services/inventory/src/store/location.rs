//! Locations: written once, never changed.

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::Timestamp;

use crate::error::Error;
use crate::stock_key::Quantities;

/// A place that holds stock.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    pub title: String,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a location unless its id is taken; returns the one that is there now.
pub async fn insert_or_get(tx: &Tx, location: &Model) -> Result<Model, Error> {
    rows::insert_missing(tx, &[location.clone().into_active_model()]).await?;
    let id = &location.location_id;
    let found = Entity::find_by_id(id.clone()).one(tx).await?;
    found
        .ok_or_else(|| Error::Inconsistent(format!("location {id} was neither inserted nor found")))
}

/// Fails when a location of these stocks does not exist. Locations are never deleted, so nothing
/// has to be locked.
pub async fn check(reader: &Reader, units: &Quantities) -> Result<(), Error> {
    let mut wanted: Vec<&str> = units.keys().map(|key| key.location.as_str()).collect();
    wanted.sort_unstable();
    wanted.dedup();
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
pub async fn list(reader: &Reader, after: &str, limit: i64) -> Result<Vec<Model>, Error> {
    Ok(AFTER.all(reader, [after.into(), limit.into()]).await?)
}
