//! Pending transfers that will expire: the work list of the expiry. `batch.rs` adds and deletes
//! them.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use souk_data::{Error, Find, Reader, given, given_limit};
use souk_types::{Timestamp, TransferId};

use crate::entry::Due;

/// A pending transfer and when it expires.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "due")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub expire_time: Timestamp,
    #[sea_orm(primary_key, auto_increment = false)]
    pub pending_id: TransferId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static DUE: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::ExpireTime.lte(given(0)))
        .order_by_asc(Column::ExpireTime)
        .order_by_asc(Column::PendingId)
        .limit(given_limit(1))
});

/// Returns the pending transfers whose timeout has passed, those that wait longest first.
pub async fn list(reader: &Reader, now: Timestamp, limit: i64) -> Result<Vec<Due>, Error> {
    let rows = DUE.all(reader, [now.into(), limit.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Due { expire_time: row.expire_time, pending: row.pending_id })
        .collect())
}
