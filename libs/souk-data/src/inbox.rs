//! The inbox: what a consumer has handled, recorded in the transaction of its effect, so that
//! effects happen once.

use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, Set};
use souk_types::{EventId, Timestamp};

use crate::{Error, Tx, rows};

/// How many days a record is kept; a broker must not deliver an event again later than that.
pub const KEPT_DAYS: u32 = 30;

/// An event that a consumer has handled.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "souk_inbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub consumer: String,
    pub event_id: EventId,
    pub created_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Records that `consumer` handles this event now. Returns false if it did so before: then do
/// nothing.
pub async fn is_first(
    tx: &Tx,
    consumer: &str,
    event: EventId,
    now: Timestamp,
) -> Result<bool, Error> {
    let handled = ActiveModel {
        seq: NotSet,
        consumer: Set(consumer.to_owned()),
        event_id: Set(event),
        created_time: Set(now),
    };
    Ok(rows::insert_missing(tx, &[handled]).await? == 1)
}
