//! The lines of reservations.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Set, raw_sql};
use souk_data::{Reader, Tx, rows};

use crate::error::Error;
use crate::reservation::Line;
use crate::state::State;
use crate::stock_key::StockKey;

/// Units of one stock that a reservation promises.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_line")]
pub struct Model {
    /// The number of the reservation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    pub quantity: i64,
    pub returned: i64,
    pub consumed: i64,
    pub released: i64,
    /// 1 or 0.
    pub is_untracked: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the line of a reservation in this state. The step that ends a reservation as a whole
    /// writes no lines: what they still held then left, or was released, with it.
    fn in_state(self, state: State) -> Line {
        let held = self.quantity - self.consumed - self.released;
        let (left, given_up) = match state {
            State::Held | State::Committed => (0, 0),
            State::Consumed => (held, 0),
            State::Released | State::Expired => (0, held),
        };
        Line {
            key: StockKey { sku: self.sku, location: self.location_id },
            quantity: self.quantity,
            consumed: self.consumed + left,
            released: self.released + given_up,
            returned: self.returned,
            is_untracked: self.is_untracked == 1,
        }
    }
}

/// Adds the lines of a reservation.
pub async fn insert(tx: &Tx, reservation: i64, lines: &[Line]) -> Result<(), Error> {
    let rows = lines.iter().map(|line| ActiveModel {
        reservation: Set(reservation),
        sku: Set(line.key.sku.clone()),
        location_id: Set(line.key.location.clone()),
        quantity: Set(line.quantity),
        returned: Set(line.returned),
        consumed: Set(line.consumed),
        released: Set(line.released),
        is_untracked: Set(line.is_untracked.into()),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Returns the lines of reservations, of which the numbers and the states are given, in the order
/// of their stock.
pub async fn of(
    reader: &Reader,
    reservations: &BTreeMap<i64, State>,
) -> Result<BTreeMap<i64, Vec<Line>>, Error> {
    let numbers: Vec<i64> = reservations.keys().copied().collect();
    let mut lines: BTreeMap<i64, Vec<Line>> = BTreeMap::new();
    for numbers in rows::chunks(&numbers) {
        let query = Entity::find().filter(Column::Reservation.is_in(numbers.iter().copied()));
        for row in
            query.order_by_asc(Column::Sku).order_by_asc(Column::LocationId).all(reader).await?
        {
            let state = reservations.get(&row.reservation).copied().unwrap_or(State::Held);
            lines.entry(row.reservation).or_default().push(row.in_state(state));
        }
    }
    Ok(lines)
}

/// Writes how many units of these lines of a reservation have left, were released and have come
/// back by now.
pub async fn update(tx: &Tx, reservation: i64, lines: &[&Line]) -> Result<(), Error> {
    let moved: Vec<(&str, &str, i64, i64, i64)> = lines
        .iter()
        .map(|line| {
            (&*line.key.sku, &*line.key.location, line.consumed, line.released, line.returned)
        })
        .collect();
    for moved in rows::chunks(&moved) {
        // SQL, since each row gets other numbers: a set-based update.
        let update = raw_sql!(
            Postgres,
            "WITH moved (sku, location_id, consumed, released, returned) AS (VALUES {..(moved.0:4),})
             UPDATE reservation_line SET consumed = moved.consumed, released = moved.released,
                 returned = moved.returned FROM moved
             WHERE reservation = {reservation}
               AND reservation_line.sku = moved.sku AND reservation_line.location_id = moved.location_id"
        );
        tx.execute_raw(update).await?;
    }
    Ok(())
}

/// Deletes the lines of these reservations.
pub async fn delete(tx: &Tx, reservations: &[i64]) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Reservation.is_in(reservations.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}
