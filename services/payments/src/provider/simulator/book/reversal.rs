//! Reversals: the captures and refunds that were taken back. Rows are only added.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{AttemptId, PaymentId, Timestamp};

use crate::error::Error;

/// An operation that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reversals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: PaymentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_key: AttemptId,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a reversal, unless it is there. Returns whether it was added.
pub async fn insert(
    tx: &Tx,
    charge: PaymentId,
    key: AttemptId,
    now: Timestamp,
) -> Result<bool, Error> {
    let row =
        ActiveModel { payment_id: Set(charge), operation_key: Set(key), create_time: Set(now) };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

static OF_CHARGE: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::PaymentId.eq(given(0))));

/// Returns the keys of the operations of a charge that were taken back.
pub async fn of(reader: &Reader, charge: PaymentId) -> Result<Vec<AttemptId>, Error> {
    let rows = OF_CHARGE.all(reader, [charge.into()]).await?;
    Ok(rows.into_iter().map(|row| row.operation_key).collect())
}
