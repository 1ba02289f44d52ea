//! Fulfillments of orders, each with its lines.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, FromQueryResult, JoinType, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{FulfillmentId, OrderId, Timestamp};

use super::fulfillment_line;
use crate::actor::Actor;
use crate::error::Error;
use crate::order::{FULFILLMENTS_SHOWN, LINES_SHOWN, Order};
use crate::part::{Fulfillment, FulfillmentState, Tracking, Units};
use crate::request_key::RequestKey;

/// Goods of an order that leave together.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub fulfillment_id: FulfillmentId,
    pub order_id: OrderId,
    /// Counts the fulfillments of an order from 1.
    pub fulfillment_number: i64,
    pub request_key: String,
    pub request_hash: Vec<u8>,
    pub state: FulfillmentState,
    pub line_count: i64,
    pub location_id: String,
    pub carrier: String,
    pub tracking_number: String,
    pub tracking_uri: String,
    pub version: i64,
    pub actor: String,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
    pub delivery_time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the fulfillment with these lines.
    pub fn with_lines(self, lines: Vec<Units>) -> Fulfillment {
        Fulfillment {
            id: self.fulfillment_id,
            state: self.state,
            lines,
            line_count: self.line_count,
            location: self.location_id,
            tracking: Tracking {
                carrier: self.carrier,
                number: self.tracking_number,
                uri: self.tracking_uri,
            },
            version: self.version,
            actor: Actor(self.actor),
            create_time: self.create_time,
            update_time: self.update_time,
            effective_time: self.effective_time,
            delivery_time: self.delivery_time,
        }
    }
}

/// Adds the last fulfillment of an order, with its lines.
pub async fn insert_last(tx: &Tx, order: &Order, request: &RequestKey) -> Result<(), Error> {
    let Some(one) = order.fulfillments.last() else { return Ok(()) };
    let row = ActiveModel {
        fulfillment_id: Set(one.id),
        order_id: Set(order.id),
        fulfillment_number: Set(order.fulfillments.len() as i64),
        request_key: Set(request.key.clone()),
        request_hash: Set(request.hash.clone()),
        state: Set(one.state),
        line_count: Set(one.line_count),
        location_id: Set(one.location.clone()),
        carrier: Set(one.tracking.carrier.clone()),
        tracking_number: Set(one.tracking.number.clone()),
        tracking_uri: Set(one.tracking.uri.clone()),
        version: Set(one.version),
        actor: Set(one.actor.0.clone()),
        create_time: Set(one.create_time),
        update_time: Set(one.update_time),
        effective_time: Set(one.effective_time),
        delivery_time: Set(one.delivery_time),
    };
    rows::insert_all(tx, &[row]).await?;
    fulfillment_line::insert(tx, one.id, &one.lines).await
}

/// Writes a fulfillment of an order as it has become: its state, tracking and times.
pub async fn update(tx: &Tx, order: &Order, id: FulfillmentId) -> Result<(), Error> {
    let one = order.fulfillment(id).ok_or(Error::FulfillmentNotFound(id))?;
    Entity::update_many()
        .col_expr(Column::State, Expr::val(one.state))
        .col_expr(Column::Carrier, Expr::val(one.tracking.carrier.clone()))
        .col_expr(Column::TrackingNumber, Expr::val(one.tracking.number.clone()))
        .col_expr(Column::TrackingUri, Expr::val(one.tracking.uri.clone()))
        .col_expr(Column::Version, Expr::val(one.version))
        .col_expr(Column::UpdateTime, Expr::val(one.update_time))
        .col_expr(Column::DeliveryTime, Expr::val(one.delivery_time))
        .filter(Column::FulfillmentId.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes a pending fulfillment that was refused, so that its request may come again.
pub async fn delete(tx: &Tx, id: FulfillmentId) -> Result<(), Error> {
    fulfillment_line::delete(tx, id).await?;
    Entity::delete_many().filter(Column::FulfillmentId.eq(id)).exec(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Asked {
    order_id: OrderId,
    fulfillment_id: FulfillmentId,
    request_hash: Vec<u8>,
}

static BY_REQUEST: Prepared<Select<Entity>, Asked> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .column(Column::FulfillmentId)
        .column(Column::RequestHash)
        .filter(Column::RequestKey.eq(given(0)))
});

/// Returns the fulfillment that a request made before, and its order; its use for something else is
/// an error.
pub async fn of_request(
    reader: &Reader,
    request: &RequestKey,
) -> Result<Option<(OrderId, FulfillmentId)>, Error> {
    match BY_REQUEST.one(reader, [request.key.as_str().into()]).await? {
        Some(asked) if !request.asks_as(&asked.request_hash) => {
            Err(Error::RequestIdReused("fulfillment"))
        }
        asked => Ok(asked.map(|asked| (asked.order_id, asked.fulfillment_id))),
    }
}

static BY_ID: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::FulfillmentId.eq(given(0))));

/// Returns a fulfillment as it is shown, with its order.
pub async fn show(reader: &Reader, id: FulfillmentId) -> Result<(OrderId, Fulfillment), Error> {
    let row = BY_ID.one(reader, [id.into()]).await?.ok_or(Error::FulfillmentNotFound(id))?;
    let order = row.order_id;
    let shown = with_lines(reader, vec![row], false).await?.pop();
    Ok((order, shown.expect("one for each row").1))
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::FulfillmentNumber.gt(given(1)))
        .order_by_asc(Column::FulfillmentNumber)
        .limit(given_limit(2))
});

/// Returns the fulfillments of an order after this number, as they are shown, each with its number.
pub async fn list(
    reader: &Reader,
    order: OrderId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Fulfillment)>, Error> {
    let rows = AFTER.all(reader, [order.into(), after.into(), limit.into()]).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.fulfillment_number).collect();
    let shown = with_lines(reader, rows, false).await?;
    Ok(numbers.into_iter().zip(shown.into_iter().map(|(_, one)| one)).collect())
}

static OF_ORDER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::FulfillmentNumber.lte(given(1)))
        .order_by_asc(Column::FulfillmentNumber)
});

/// Returns the fulfillments of orders as they are shown: the first of each order, with their first
/// lines. For the rules all of them, and all lines of a pending one.
pub async fn of(
    reader: &Reader,
    orders: &[OrderId],
    for_rules: bool,
) -> Result<Vec<(OrderId, Fulfillment)>, Error> {
    let most = if for_rules { i64::MAX } else { FULFILLMENTS_SHOWN as i64 };
    let rows = match orders {
        [order] => OF_ORDER.all(reader, [(*order).into(), most.into()]).await?,
        _ => {
            let some = Entity::find()
                .filter(Column::OrderId.is_in(orders.iter().copied()))
                .filter(Column::FulfillmentNumber.lte(most))
                .order_by_asc(Column::OrderId)
                .order_by_asc(Column::FulfillmentNumber);
            some.all(reader).await?
        }
    };
    if rows.is_empty() {
        return Ok(vec![]);
    }
    with_lines(reader, rows, for_rules).await
}

/// The most fulfillments whose lines one statement reads.
const FULFILLMENTS_IN_ONE_STATEMENT: usize = 500;

async fn with_lines(
    reader: &Reader,
    rows: Vec<Model>,
    for_rules: bool,
) -> Result<Vec<(OrderId, Fulfillment)>, Error> {
    use fulfillment_line::Column as Line;
    let mut lines: HashMap<FulfillmentId, Vec<Units>> = HashMap::new();
    for chunk in rows.chunks(FULFILLMENTS_IN_ONE_STATEMENT) {
        let ids = chunk.iter().map(|row| row.fulfillment_id);
        let mut wanted = Condition::any().add(Line::Position.lte(LINES_SHOWN as i64));
        if for_rules {
            wanted = wanted.add(Column::State.eq(FulfillmentState::Pending));
        }
        let fulfillments = fulfillment_line::Entity::belongs_to(Entity)
            .from(Line::FulfillmentId)
            .to(Column::FulfillmentId);
        let found = fulfillment_line::Entity::find()
            .join(JoinType::InnerJoin, fulfillments.into())
            .filter(Line::FulfillmentId.is_in(ids))
            .filter(wanted)
            .order_by_asc(Line::FulfillmentId)
            .order_by_asc(Line::Position)
            .all(reader)
            .await?;
        for line in found {
            let units = Units { number: line.line_number, quantity: line.quantity };
            lines.entry(line.fulfillment_id).or_default().push(units);
        }
    }
    let with_lines = rows.into_iter().map(|row| {
        let lines = lines.remove(&row.fulfillment_id).unwrap_or_default();
        (row.order_id, row.with_lines(lines))
    });
    Ok(with_lines.collect())
}
