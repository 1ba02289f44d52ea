//! Every version of every order, for WatchOrder and the audit: rows are only added; a trigger
//! rejects everything else.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{OrderId, Timestamp};

use crate::change::Change;
use crate::error::Error;
use crate::order::Order;
use crate::state::State;

/// One change of an order, and its state after it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub state: State,
    /// What changed: the name of a [`Change`].
    pub kind: String,
    pub refunded_minor: i64,
    pub change_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds the version that an order has come to by a change.
pub async fn insert(tx: &Tx, order: &Order, change: &Change) -> Result<(), Error> {
    let row = ActiveModel {
        order_id: Set(order.id),
        version: Set(order.version),
        state: Set(order.state),
        kind: Set(change.name().to_owned()),
        refunded_minor: Set(order.refunded.minor),
        change_time: Set(order.update_time),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

/// The most changes that are read at once.
const CHANGES_AT_ONCE: u64 = 100;

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::Version.gt(given(1)))
        .order_by_asc(Column::Version)
        .limit(CHANGES_AT_ONCE)
});

/// Returns the changes of an order after a version, oldest first, at most 100.
pub async fn after(reader: &Reader, order: OrderId, version: i64) -> Result<Vec<Model>, Error> {
    Ok(AFTER.all(reader, [order.into(), version.into()]).await?)
}

static FULFILLED: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::Kind.eq(Change::FULFILLED))
        .limit(1)
});

/// Returns whether the goods of an order have ever left.
pub async fn has_left(reader: &Reader, order: OrderId) -> Result<bool, Error> {
    Ok(FULFILLED.one(reader, [order.into()]).await?.is_some())
}
