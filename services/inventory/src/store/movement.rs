//! The record of movements: rows are only added; a trigger rejects everything else.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, NotSet, QueryOrder, QuerySelect, Set};
use souk_data::{Prepared, Reader, Tx, given, rows};
use souk_types::{MovementId, ReservationId, Timestamp};

use crate::error::Error;
use crate::movement::{Movement, MovementKind};
use crate::stock_key::StockKey;

/// One change of one stock; rows never change.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "movement")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub movement_id: MovementId,
    pub sku: String,
    pub location_id: String,
    pub kind: MovementKind,
    pub on_hand_change: i64,
    pub reserved_change: i64,
    pub reservation_id: Option<ReservationId>,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
    pub note: String,
    pub actor: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Movement {
    fn from(row: Model) -> Self {
        Movement {
            id: row.movement_id,
            key: StockKey { sku: row.sku, location: row.location_id },
            kind: row.kind,
            on_hand_change: row.on_hand_change,
            reserved_change: row.reserved_change,
            reservation: row.reservation_id,
            create_time: row.create_time,
            effective_time: row.effective_time,
            note: row.note,
            actor: row.actor,
        }
    }
}

impl From<&Movement> for ActiveModel {
    fn from(movement: &Movement) -> Self {
        ActiveModel {
            number: NotSet,
            movement_id: Set(movement.id),
            sku: Set(movement.key.sku.clone()),
            location_id: Set(movement.key.location.clone()),
            kind: Set(movement.kind),
            on_hand_change: Set(movement.on_hand_change),
            reserved_change: Set(movement.reserved_change),
            reservation_id: Set(movement.reservation),
            create_time: Set(movement.create_time),
            effective_time: Set(movement.effective_time),
            note: Set(movement.note.clone()),
            actor: Set(movement.actor.clone()),
        }
    }
}

/// Adds movements. Only [`record`](super::stock::record) calls it, together with the change of the
/// stock.
pub(super) async fn insert(tx: &Tx, movements: &[Movement]) -> Result<(), Error> {
    let movements: Vec<ActiveModel> = movements.iter().map(Into::into).collect();
    Ok(rows::insert_all(tx, &movements).await?)
}

/// What the movements of a stock add up to. No movements are nothing.
#[derive(Default, FromQueryResult)]
struct Sums {
    on_hand: Option<i64>,
    reserved: Option<i64>,
}

static SUMS: Prepared<Select<Entity>, Sums> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column_as(Column::OnHandChange.sum().cast_as("BIGINT"), "on_hand")
        .column_as(Column::ReservedChange.sum().cast_as("BIGINT"), "reserved")
        .filter(Column::Sku.eq(given(0)))
        .filter(Column::LocationId.eq(given(1)))
});

/// Returns what the movements of one stock add up to: units on hand, and units reserved.
pub async fn sums(reader: &Reader, key: &StockKey) -> Result<(i64, i64), Error> {
    let sums =
        SUMS.one(reader, [(&*key.sku).into(), (&*key.location).into()]).await?.unwrap_or_default();
    Ok((sums.on_hand.unwrap_or(0), sums.reserved.unwrap_or(0)))
}

/// What a list of movements is narrowed to: all that is set.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub sku: Option<String>,
    pub location: Option<String>,
    pub kinds: Vec<MovementKind>,
    pub reservation: Option<ReservationId>,
    pub since: Option<Timestamp>,
    pub before: Option<Timestamp>,
}

/// Where a page of movements starts: the time and the number of the last one before it.
pub type Place = (Timestamp, i64);

/// Returns the movements after this place in the order of the list: those recorded first when
/// `is_ascending`, those recorded last otherwise. The index of the reservation, the sku or the
/// location is used, or that of the time, in this order; what else is asked for is looked for along
/// it.
pub async fn list(
    reader: &Reader,
    filter: Filter,
    is_ascending: bool,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Model>, Error> {
    let mut query = Entity::find().limit(limit);
    let is_narrow = filter.reservation.is_some();
    if let Some(reservation) = filter.reservation {
        query = query.filter(Column::ReservationId.eq(reservation));
    }
    let is_narrower = is_narrow || filter.sku.is_some();
    if let Some(sku) = filter.sku {
        query = query.filter(compared(Column::Sku, is_narrow).eq(sku));
    }
    if let Some(location) = filter.location {
        query = query.filter(compared(Column::LocationId, is_narrower).eq(location));
    }
    if !filter.kinds.is_empty() {
        query = query.filter(Column::Kind.is_in(filter.kinds));
    }
    if let Some(since) = filter.since {
        query = query.filter(Column::CreateTime.gte(since));
    }
    if let Some(before) = filter.before {
        query = query.filter(Column::CreateTime.lt(before));
    }
    if let Some((time, number)) = after {
        let place = Expr::tuple([Column::CreateTime.into_expr(), Column::Number.into_expr()]);
        let after = Expr::tuple([Expr::val(time), Expr::val(number)]);
        query = query.filter(if is_ascending { place.gt(after) } else { place.lt(after) });
    }
    let query = if is_ascending {
        query.order_by_asc(Column::CreateTime).order_by_asc(Column::Number)
    } else {
        query.order_by_desc(Column::CreateTime).order_by_desc(Column::Number)
    };
    Ok(query.all(reader).await?)
}

/// Returns a column to compare with: when a better index is there, in a way that uses none of its
/// own. SQLite would otherwise choose any.
fn compared(column: Column, has_better_index: bool) -> Expr {
    if has_better_index {
        return Expr::cust(format!("{} || ''", column.as_str()));
    }
    column.into_expr()
}
