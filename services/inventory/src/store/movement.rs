//! The record of movements: rows are only added; a trigger rejects everything else.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, NotSet, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Prepared, Reader, Tx, given, given_limit, rows};
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

static AFTER: Find<Entity> = Find::new(after);
static OF_SKU_AFTER: Find<Entity> = Find::new(|| after().filter(Column::Sku.eq(given(2))));

fn after() -> Select<Entity> {
    Entity::find()
        .filter(Column::Number.gt(given(0)))
        .order_by_asc(Column::Number)
        .limit(given_limit(1))
}

/// Returns the movements after this number, of one sku or, when it is empty, of all.
pub async fn list(reader: &Reader, sku: &str, after: i64, limit: i64) -> Result<Vec<Model>, Error> {
    Ok(match sku {
        "" => AFTER.all(reader, [after.into(), limit.into()]).await?,
        sku => OF_SKU_AFTER.all(reader, [after.into(), limit.into(), sku.into()]).await?,
    })
}
