//! Cancellations of some units of orders, each with its lines.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Prepared, Reader, Tx, given, rows};
use souk_types::{CancellationId, OrderId, RefundId, Timestamp};

use super::cancellation_line;
use crate::actor::Actor;
use crate::error::Error;
use crate::part::{CanceledUnits, Cancellation, LinesCancellation};
use crate::request_key::RequestKey;

/// Units that are canceled together.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cancellations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cancellation_id: CancellationId,
    pub order_id: OrderId,
    pub request_key: String,
    pub request_hash: Vec<u8>,
    pub state: Stage,
    /// The refund that it makes, if it makes one.
    pub refund_id: RefundId,
    pub reason: i64,
    pub note: String,
    pub actor: String,
    pub create_time: Timestamp,
}

/// How far a cancellation is. The numbers are those of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Stage {
    Pending = 1,
    Done = 2,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a cancellation that begins, with its lines.
pub async fn insert(
    tx: &Tx,
    order: OrderId,
    part: &LinesCancellation,
    request: &RequestKey,
    now: Timestamp,
) -> Result<(), Error> {
    let row = ActiveModel {
        cancellation_id: Set(part.id),
        order_id: Set(order),
        request_key: Set(request.key.clone()),
        request_hash: Set(request.hash.clone()),
        state: Set(Stage::Pending),
        refund_id: Set(part.refund_id()),
        reason: Set(part.request.reason),
        note: Set(part.request.note.clone()),
        actor: Set(part.request.actor.0.clone()),
        create_time: Set(now),
    };
    rows::insert_all(tx, &[row]).await?;
    cancellation_line::insert(tx, part.id, &part.lines).await
}

/// Writes that a cancellation is done, if there was one.
pub async fn end(tx: &Tx, id: Option<CancellationId>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    let update = Entity::update_many().col_expr(Column::State, Expr::val(Stage::Done));
    update.filter(Column::CancellationId.eq(id)).exec(tx).await?;
    Ok(())
}

/// Forgets a cancellation that was refused, if there was one, so that its request may come again.
pub async fn delete(tx: &Tx, id: Option<CancellationId>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    cancellation_line::delete(tx, id).await?;
    Entity::delete_many().filter(Column::CancellationId.eq(id)).exec(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Asked {
    order_id: OrderId,
    request_hash: Vec<u8>,
    state: Stage,
}

static BY_REQUEST: Prepared<Select<Entity>, Asked> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .column(Column::RequestHash)
        .column(Column::State)
        .filter(Column::RequestKey.eq(given(0)))
});

/// Returns whether the cancellation of a request is in progress.
pub async fn is_pending(reader: &Reader, request: &RequestKey) -> Result<bool, Error> {
    let asked = BY_REQUEST.one(reader, [request.key.as_str().into()]).await?;
    Ok(asked.is_some_and(|asked| asked.state == Stage::Pending))
}

/// Returns the order of which a request canceled units before, if it did; its use for something
/// else is an error.
pub async fn order_of_request(
    reader: &Reader,
    request: &RequestKey,
) -> Result<Option<OrderId>, Error> {
    match BY_REQUEST.one(reader, [request.key.as_str().into()]).await? {
        Some(asked) if !request.asks_as(&asked.request_hash) => {
            Err(Error::RequestIdReused("cancellation"))
        }
        asked => Ok(asked.map(|asked| asked.order_id)),
    }
}

static BY_REFUND: Prepared<Select<Entity>, Asked> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .column(Column::RequestHash)
        .column(Column::State)
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::RefundId.eq(given(1)))
});

/// Returns whether a refund is that of a cancellation of units of an order.
pub async fn has_refund(reader: &Reader, order: OrderId, refund: RefundId) -> Result<bool, Error> {
    Ok(BY_REFUND.one(reader, [order.into(), refund.into()]).await?.is_some())
}

#[derive(FromQueryResult)]
struct Made {
    refund_id: RefundId,
}

/// Returns the refunds that the cancellations of units of an order make.
pub async fn refund_ids(reader: &Reader, order: OrderId) -> Result<Vec<RefundId>, Error> {
    let found = Entity::find()
        .select_only()
        .column(Column::RefundId)
        .filter(Column::OrderId.eq(order))
        .into_model::<Made>();
    Ok(found.all(reader).await?.into_iter().map(|row| row.refund_id).collect())
}

static PENDING_OF_ORDER: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::OrderId.eq(given(0))).filter(Column::State.eq(Stage::Pending))
});

/// Returns the cancellations in progress of orders, with their lines.
pub async fn pending(
    reader: &Reader,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, LinesCancellation)>, Error> {
    let found = match orders {
        [order] => PENDING_OF_ORDER.all(reader, [(*order).into()]).await?,
        _ => {
            let some = Entity::find()
                .filter(Column::OrderId.is_in(orders.iter().copied()))
                .filter(Column::State.eq(Stage::Pending));
            some.all(reader).await?
        }
    };
    if found.is_empty() {
        return Ok(vec![]);
    }
    use cancellation_line::Column as Line;
    let mut lines: HashMap<CancellationId, Vec<CanceledUnits>> = HashMap::new();
    let ids = found.iter().map(|row| row.cancellation_id);
    let of_these = cancellation_line::Entity::find()
        .filter(Line::CancellationId.is_in(ids))
        .order_by_asc(Line::CancellationId)
        .order_by_asc(Line::LineNumber);
    for line in of_these.all(reader).await? {
        lines.entry(line.cancellation_id).or_default().push(line.into());
    }
    let pending = found.into_iter().map(|row| {
        let lines = lines.remove(&row.cancellation_id).unwrap_or_default();
        let request = Cancellation { actor: Actor(row.actor), reason: row.reason, note: row.note };
        (row.order_id, LinesCancellation { id: row.cancellation_id, lines, request })
    });
    Ok(pending.collect())
}
