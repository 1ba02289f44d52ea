//! The requests that captured an amount: each captures once.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{CaptureId, OrderId};

use crate::error::Error;
use crate::request_key::RequestKey;

/// A request of CaptureOrder with an amount.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "captures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub capture_id: CaptureId,
    pub order_id: OrderId,
    pub request_key: String,
    pub request_hash: Vec<u8>,
    pub amount_minor: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a capture that begins.
pub async fn insert(
    tx: &Tx,
    order: OrderId,
    id: CaptureId,
    minor: i64,
    request: &RequestKey,
) -> Result<(), Error> {
    let row = ActiveModel {
        capture_id: Set(id),
        order_id: Set(order),
        request_key: Set(request.key.clone()),
        request_hash: Set(request.hash.clone()),
        amount_minor: Set(minor),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

/// Forgets a capture that was declined, so that its request may come again; unless one of several
/// payments was captured for it before, so that less than all of it is left.
pub async fn delete(tx: &Tx, id: CaptureId, left: Option<i64>) -> Result<(), Error> {
    let is_whole = Column::AmountMinor.eq(left);
    Entity::delete_many().filter(Column::CaptureId.eq(id)).filter(is_whole).exec(tx).await?;
    Ok(())
}

static BY_REQUEST: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::RequestKey.eq(given(0))));

/// Returns the order that a request captured before, if it did; its use for something else is an
/// error.
pub async fn order_of_request(
    reader: &Reader,
    request: &RequestKey,
) -> Result<Option<OrderId>, Error> {
    match BY_REQUEST.one(reader, [request.key.as_str().into()]).await? {
        Some(asked) if !request.asks_as(&asked.request_hash) => {
            Err(Error::RequestIdReused("capture"))
        }
        asked => Ok(asked.map(|asked| asked.order_id)),
    }
}
