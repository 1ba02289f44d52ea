//! The table of counters as an entity.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "counters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub value: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Returns counters with these ids and values, to be inserted.
pub fn counters(ids: impl IntoIterator<Item = i64>, value: i64) -> Vec<ActiveModel> {
    ids.into_iter().map(|id| Model { id, value }.into()).collect()
}
