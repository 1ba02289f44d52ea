//! The one row that serializes writes of transfers on PostgreSQL. SQLite, with its one writer, has
//! no such table.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, QueryTrait, UpdateMany};
use souk_data::{Error, Prepared, Tx};

/// The version of the book: how many writes there were.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "book")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(FromQueryResult)]
struct Version {
    version: i64,
}

static NEXT: Prepared<UpdateMany<Entity>, Version> = Prepared::new(|| {
    let next = Column::Version.into_expr().add(1);
    let mut update = Entity::update_many().col_expr(Column::Version, next).filter(Column::Id.eq(1));
    QueryTrait::query(&mut update).returning_col(Column::Version);
    update
});

/// Waits until no other write is in progress and returns the version of the book that this one
/// makes.
pub async fn next_version(tx: &Tx) -> Result<i64, Error> {
    let row = NEXT
        .one(tx, [])
        .await?
        .ok_or_else(|| Error::Corrupt("the row of the table book is missing".into()))?;
    Ok(row.version)
}
