//! The lines of reservations.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Set, raw_sql};
use souk_data::{Reader, Tx, rows};
use souk_types::ReservationId;

use crate::error::Error;
use crate::reservation::Line;
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
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Line {
    fn from(row: Model) -> Self {
        let key = StockKey { sku: row.sku, location: row.location_id };
        Line { key, quantity: row.quantity, returned: row.returned }
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
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Returns the lines of reservations by their numbers, in the order of their stock.
pub async fn of(reader: &Reader, reservations: &[i64]) -> Result<BTreeMap<i64, Vec<Line>>, Error> {
    let mut lines: BTreeMap<i64, Vec<Line>> = BTreeMap::new();
    for numbers in rows::chunks(reservations) {
        let query = Entity::find().filter(Column::Reservation.is_in(numbers.iter().copied()));
        for row in
            query.order_by_asc(Column::Sku).order_by_asc(Column::LocationId).all(reader).await?
        {
            lines.entry(row.reservation).or_default().push(row.into());
        }
    }
    Ok(lines)
}

/// Writes how many units of these lines of a reservation have come back by now.
pub async fn set_returned(
    tx: &Tx,
    reservation: ReservationId,
    lines: &[&Line],
) -> Result<(), Error> {
    let returned: Vec<(&str, &str, i64)> =
        lines.iter().map(|line| (&*line.key.sku, &*line.key.location, line.returned)).collect();
    for came_back in rows::chunks(&returned) {
        // SQL, since each row gets another number: a set-based update.
        let update = raw_sql!(
            Postgres,
            "WITH came_back (sku, location_id, returned) AS (VALUES {..(came_back.0:2),})
             UPDATE reservation_line SET returned = came_back.returned FROM came_back
             WHERE reservation = (SELECT number FROM reservation WHERE reservation_id = {reservation})
               AND reservation_line.sku = came_back.sku AND reservation_line.location_id = came_back.location_id"
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
