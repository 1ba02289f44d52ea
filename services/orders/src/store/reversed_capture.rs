//! The captures that providers took back: each counts once. Rows are only added.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{CaptureId, OrderId, PaymentId, Timestamp};

use crate::error::Error;
use crate::reversal::ReversedCapture;

/// A capture that a provider took back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reversed_captures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub capture_id: CaptureId,
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub amount_minor: i64,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a capture of an order that was taken back.
pub async fn insert(
    tx: &Tx,
    order: OrderId,
    reversed: &ReversedCapture,
    now: Timestamp,
) -> Result<(), Error> {
    let row = ActiveModel {
        capture_id: Set(reversed.id),
        order_id: Set(order),
        payment_id: Set(reversed.payment),
        amount_minor: Set(reversed.minor),
        create_time: Set(now),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::CaptureId.eq(given(0))));

/// Returns whether it is known that a capture was taken back.
pub async fn is_known(reader: &Reader, id: CaptureId) -> Result<bool, Error> {
    Ok(BY_ID.one(reader, [id.into()]).await?.is_some())
}

/// Returns the captures of orders that were taken back, each with its order.
pub async fn of(
    reader: &Reader,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, ReversedCapture)>, Error> {
    let found = Entity::find().filter(Column::OrderId.is_in(orders.iter().copied()));
    let rows = found.all(reader).await?.into_iter();
    let captures = rows.map(|row| {
        let id = row.capture_id;
        let capture = ReversedCapture { payment: row.payment_id, id, minor: row.amount_minor };
        (row.order_id, capture)
    });
    Ok(captures.collect())
}
