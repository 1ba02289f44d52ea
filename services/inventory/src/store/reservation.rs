//! Reservations, each with its lines.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType, OnConflict};
use sea_orm::{
    FromQueryResult, JoinType, NotSet, QueryOrder, QuerySelect, QueryTrait as _, Set,
    TryInsertResult,
};
use souk_data::{Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{OrderId, ReservationId, Timestamp};

use super::{reservation_line, reservation_step};
use crate::error::Error;
use crate::reservation::{Part, Reservation};
use crate::state::State;
use crate::stock_key::StockKey;

/// A promise of stock. The number, and not the id that a caller chose, is what its lines refer to:
/// it grows.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub reservation_id: ReservationId,
    pub owner: String,
    pub order_id: Option<OrderId>,
    pub state: State,
    pub expire_time: Timestamp,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A reservation and its number, which grows in the order they are made.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub number: i64,
    pub reservation: Reservation,
}

/// Adds a reservation, unless its id is known. Returns its number when it was added; its lines come
/// later, see [`reservation_line::insert`].
pub async fn insert(tx: &Tx, reservation: &Reservation) -> Result<Option<i64>, Error> {
    let row = ActiveModel {
        number: NotSet,
        reservation_id: Set(reservation.id),
        owner: Set(reservation.owner.clone()),
        order_id: Set(reservation.order),
        state: Set(reservation.state),
        expire_time: Set(reservation.expire_time),
        create_time: Set(reservation.create_time),
        update_time: Set(reservation.update_time),
        effective_time: Set(reservation.effective_time),
    };
    let insert =
        Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).try_insert();
    match insert.exec(tx).await? {
        TryInsertResult::Inserted(inserted) => Ok(Some(inserted.last_insert_id)),
        _ => Ok(None),
    }
}

static BY_ID: Find<Entity> = Find::new(by_id);
static LOCKED_BY_ID: Find<Entity> = Find::new(|| by_id().lock(LockType::Update));

fn by_id() -> Select<Entity> {
    Entity::find().filter(Column::ReservationId.eq(given(0)))
}

/// Locks a reservation until the end of the write; none when the id is not known.
pub async fn lock(tx: &Tx, id: ReservationId) -> Result<Option<Numbered>, Error> {
    let row = LOCKED_BY_ID.all(tx, [id.into()]).await?;
    Ok(with_lines(tx, row).await?.pop())
}

/// Locks a reservation that must be there.
pub async fn lock_existing(tx: &Tx, id: ReservationId) -> Result<Numbered, Error> {
    lock(tx, id).await?.ok_or(Error::ReservationNotFound(id))
}

/// Returns a reservation.
pub async fn get(reader: &Reader, id: ReservationId) -> Result<Reservation, Error> {
    let row = BY_ID.all(reader, [id.into()]).await?;
    let found = with_lines(reader, row).await?.pop().map(|found| found.reservation);
    found.ok_or(Error::ReservationNotFound(id))
}

static DUE: Find<Entity> = Find::new(|| {
    Entity::find()
        // Written out, so that the index of holds is used.
        .filter(Expr::cust("state = 1"))
        .filter(Column::ExpireTime.lte(given(0)))
        .order_by_asc(Column::ExpireTime)
        .order_by_asc(Column::Number)
        .limit(given_limit(1))
        .lock(LockType::Update)
});

/// Locks the holds whose time is over, those that wait longest first. All replicas lock them in
/// this order.
pub async fn lock_due(tx: &Tx, now: Timestamp, limit: usize) -> Result<Vec<Reservation>, Error> {
    let rows = DUE.all(tx, [now.into(), (limit as i64).into()]).await?;
    Ok(with_lines(tx, rows).await?.into_iter().map(|found| found.reservation).collect())
}

/// Writes the state of reservations that were locked before and have entered it together.
pub async fn set_state(tx: &Tx, changed: &[Reservation]) -> Result<(), Error> {
    let Some(first) = changed.first() else { return Ok(()) };
    let ids: Vec<ReservationId> = changed.iter().map(|reservation| reservation.id).collect();
    for ids in rows::chunks(&ids) {
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::val(first.state))
            .col_expr(Column::UpdateTime, Expr::val(first.update_time))
            .filter(Column::ReservationId.is_in(ids.iter().copied()));
        // Only what is consumed happens at a time of its own, and that is one at a time.
        if let Some(effective_time) =
            first.effective_time.filter(|_| first.state == State::Consumed)
        {
            update = update.col_expr(Column::EffectiveTime, Expr::val(effective_time));
        }
        update.exec(tx).await?;
    }
    Ok(())
}

/// Writes the lines of a part that was moved to a reservation that was locked before.
pub async fn set_part(tx: &Tx, number: i64, part: &Part) -> Result<(), Error> {
    let lines = part.lines.iter().filter_map(|place| part.reservation.lines.get(*place));
    reservation_line::update(tx, number, &lines.collect::<Vec<_>>()).await
}

/// What a list of reservations is narrowed to: all that is set.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub sku: Option<String>,
    pub order: Option<OrderId>,
    pub states: Vec<State>,
}

/// Returns the reservations that were made before the one with this number, the latest first.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    before: i64,
    limit: u64,
) -> Result<Vec<Numbered>, Error> {
    let mut query =
        Entity::find().filter(Column::Number.lt(before)).order_by_desc(Column::Number).limit(limit);
    if let Some(sku) = &filter.sku {
        let of_sku = reservation_line::Entity::find()
            .select_only()
            .column(reservation_line::Column::Reservation)
            .filter(reservation_line::Column::Sku.eq(sku))
            .filter(reservation_line::Column::Reservation.lt(before))
            .into_query();
        query = query.filter(Column::Number.in_subquery(of_sku));
    }
    if let Some(order) = filter.order {
        query = query.filter(Column::OrderId.eq(order));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().copied()));
    }
    with_lines(reader, query.all(reader).await?).await
}

static OF_STATE_BEFORE: Find<Entity> = Find::new(|| {
    let changed = Expr::tuple([Column::UpdateTime.into_expr(), Column::Number.into_expr()]);
    Entity::find()
        .filter(Column::State.eq(given(0)))
        .filter(changed.lt(Expr::tuple([Expr::val(given(1)), Expr::val(given(2))])))
        .order_by_desc(Column::UpdateTime)
        .order_by_desc(Column::Number)
        .limit(given_limit(3))
});

/// Returns the reservations of some states before this time and number, those first that entered
/// theirs last.
pub async fn list_by_states(
    reader: &Reader,
    states: &[State],
    (update_time, number): (Timestamp, i64),
    limit: i64,
) -> Result<Vec<Numbered>, Error> {
    let mut found = Vec::new();
    for state in states {
        let given = [(*state).into(), update_time.into(), number.into(), limit.into()];
        found.extend(OF_STATE_BEFORE.all(reader, given).await?);
    }
    found.sort_by_key(|row| Reverse((row.update_time, row.number)));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    with_lines(reader, found).await
}

static PROMISED: Prepared<Select<Entity>, Sum> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column_as(Expr::cust("CAST(SUM(quantity - consumed - released) AS BIGINT)"), "sum")
        .join(JoinType::InnerJoin, lines())
        .filter(Column::State.is_in([State::Held, State::Committed]))
        .filter(reservation_line::Column::Sku.eq(given(0)))
        .filter(reservation_line::Column::LocationId.eq(given(1)))
        .filter(reservation_line::Column::IsUntracked.eq(0_i64))
});

fn lines() -> RelationDef {
    let lines = Entity::belongs_to(reservation_line::Entity);
    lines.from(Column::Number).to(reservation_line::Column::Reservation).into()
}

#[derive(FromQueryResult)]
struct Sum {
    sum: Option<i64>,
}

/// Returns how many units of a stock the reservations that are held or committed promise.
pub async fn promised(reader: &Reader, key: &StockKey) -> Result<i64, Error> {
    let row = PROMISED.one(reader, [(&*key.sku).into(), (&*key.location).into()]).await?;
    Ok(row.and_then(|row| row.sum).unwrap_or(0))
}

/// Returns lines of which more units came back than left. In a reservation that is consumed (state
/// 3) all units left that were not released before.
pub async fn returned_without_leaving(
    reader: &Reader,
    limit: u64,
) -> Result<Vec<reservation_line::Model>, Error> {
    let left = "CASE WHEN state = 3 THEN quantity - released ELSE consumed END";
    let wrong = reservation_line::Entity::find()
        .join(JoinType::InnerJoin, lines().rev())
        .filter(reservation_line::Column::Returned.gt(0))
        .filter(Expr::cust(format!("returned > {left}")))
        .order_by_asc(Column::Number)
        .limit(limit);
    Ok(wrong.all(reader).await?)
}

#[derive(FromQueryResult)]
struct Number {
    number: i64,
}

static FINISHED: Prepared<Select<Entity>, Number> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::Number)
        .filter(Column::State.eq(given(0)))
        .filter(Column::UpdateTime.lt(given(1)))
        .order_by_asc(Column::UpdateTime)
        .order_by_asc(Column::Number)
        .limit(given_limit(2))
        .lock(LockType::Update)
});

/// Deletes the oldest reservations, with their lines, that entered a final state before this time.
/// Returns how many.
pub async fn delete_finished(
    tx: &Tx,
    state: State,
    before: Timestamp,
    limit: usize,
) -> Result<usize, Error> {
    let found = FINISHED.all(tx, [state.into(), before.into(), (limit as i64).into()]).await?;
    let numbers: Vec<i64> = found.into_iter().map(|row| row.number).collect();
    for numbers in rows::chunks(&numbers) {
        reservation_line::delete(tx, numbers).await?;
        reservation_step::delete(tx, numbers).await?;
        Entity::delete_many()
            .filter(Column::Number.is_in(numbers.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(numbers.len())
}

/// Adds to reservations, in the order of their rows, all their lines.
async fn with_lines(reader: &Reader, found: Vec<Model>) -> Result<Vec<Numbered>, Error> {
    let states: BTreeMap<i64, State> = found.iter().map(|row| (row.number, row.state)).collect();
    let mut lines = reservation_line::of(reader, &states).await?;
    let numbered = found.into_iter().map(|row| Numbered {
        number: row.number,
        reservation: Reservation {
            id: row.reservation_id,
            owner: row.owner,
            order: row.order_id,
            state: row.state,
            lines: lines.remove(&row.number).unwrap_or_default(),
            expire_time: row.expire_time,
            create_time: row.create_time,
            update_time: row.update_time,
            effective_time: row.effective_time,
        },
    });
    Ok(numbered.collect())
}
