//! Events that failed and wait to be delivered again.

use std::collections::HashMap;

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use souk_data::{Error, Find, Reader, Tx, given, rows};
use souk_types::Timestamp;

use super::narrow;

/// An event that failed `attempts` times.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub log_offset: i64,
    pub attempts: i64,
    pub due_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static OF_PARTITION: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::Subscription.eq(given(0))).filter(Column::Partition.eq(given(1)))
});

/// Returns how often events of a partition failed, and when they are due, by offset.
pub async fn list(
    reader: &Reader,
    subscription: i64,
    partition: u32,
) -> Result<HashMap<i64, (u32, Timestamp)>, Error> {
    let found =
        OF_PARTITION.all(reader, [subscription.into(), i64::from(partition).into()]).await?;
    found
        .into_iter()
        .map(|row| Ok((row.log_offset, (narrow(row.attempts)?, row.due_time))))
        .collect()
}

/// Records that events failed: offset, attempts, and when it is due.
pub(super) async fn set(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    failed: &[(i64, u32, Timestamp)],
) -> Result<(), Error> {
    let key = [Column::Subscription, Column::Partition, Column::LogOffset];
    let overwrite =
        OnConflict::columns(key).update_columns([Column::Attempts, Column::DueTime]).to_owned();
    for failed in rows::chunks(failed) {
        let rows = failed.iter().map(|(offset, attempts, due)| ActiveModel {
            subscription: Set(subscription),
            partition: Set(partition.into()),
            log_offset: Set(*offset),
            attempts: Set((*attempts).into()),
            due_time: Set(*due),
        });
        Entity::insert_many(rows).on_conflict(overwrite.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Deletes the failures of events.
pub(super) async fn delete(
    tx: &Tx,
    subscription: i64,
    partition: u32,
    offsets: &[i64],
) -> Result<(), Error> {
    for offsets in rows::chunks(offsets) {
        Entity::delete_many()
            .filter(Column::Subscription.eq(subscription))
            .filter(Column::Partition.eq(i64::from(partition)))
            .filter(Column::LogOffset.is_in(offsets.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Deletes all failures of a partition.
pub(super) async fn delete_all(tx: &Tx, subscription: i64, partition: u32) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Subscription.eq(subscription))
        .filter(Column::Partition.eq(i64::from(partition)))
        .exec(tx)
        .await?;
    Ok(())
}
