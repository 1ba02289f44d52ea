//! Keys whose first request was lost on purpose; the next one arrives.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Tx, rows};
use souk_types::AttemptId;

use crate::error::Error;

/// A key whose first request was lost.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lost_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_key: AttemptId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a key, unless it is there. Returns whether it was added.
pub async fn insert(tx: &Tx, key: AttemptId) -> Result<bool, Error> {
    Ok(rows::insert_missing(tx, &[ActiveModel { operation_key: Set(key) }]).await? == 1)
}
