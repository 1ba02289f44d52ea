//! All SQL: the queries. The entity is in `entry.rs`.

mod migrations;

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, NotSet, QueryOrder, QuerySelect};
use souk_data::{Error, Find, Reader, Tx, given, given_limit};

use crate::entry::{ActiveModel, Column, Entity, Model};

pub use migrations::SCHEMA;

/// Adds an entry.
pub async fn insert(tx: &Tx, entry: Model) -> Result<(), Error> {
    let row = ActiveModel { number: NotSet, ..entry.into_active_model() };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Returns how many entries a user has.
pub async fn count(reader: &Reader, user_id: &str) -> Result<u64, Error> {
    Ok(Entity::find().filter(Column::UserId.eq(user_id)).count(reader).await?)
}

// Built once, since every customer's visit runs it.
static RECENT: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::UserId.eq(given(0)))
        .order_by_desc(Column::Number)
        .limit(given_limit(1))
});

/// Returns a user's entries, the newest first.
pub async fn recent(reader: &Reader, user_id: &str, most: u64) -> Result<Vec<Model>, Error> {
    RECENT.all(reader, [user_id.into(), most.into()]).await
}
