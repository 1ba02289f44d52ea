//! The events of inventory, put into the outbox by the write that makes the change.

use souk_client::inventory::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::Timestamp;

use crate::error::Error;
use crate::movement::Movement;
use crate::reservation::Reservation;
use crate::stock::Stock;

/// The most lines of a reservation that an event carries: an event passes brokers that take a
/// megabyte.
const LINES_AT_MOST: usize = 200;

/// Publishes that units on hand changed, or that reserved ones became available again; `after` and
/// `movements` speak of the same stocks in the same order.
pub async fn stock_changed(
    tx: &Tx,
    after: &[Stock],
    movements: &[Movement],
    now: Timestamp,
) -> Result<(), Error> {
    let events = after.iter().zip(movements).map(|(stock, movement)| {
        let event = pb::StockChanged {
            stock: Some(stock.clone().into()),
            movement: Some(movement.clone().into()),
        };
        NewEvent::new(&event, now)
    });
    let events: Vec<NewEvent> = events.collect();
    Ok(outbox::append_all(tx, &events).await?)
}

/// Publishes that a reservation entered a new state.
pub async fn reservation_changed(
    tx: &Tx,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), Error> {
    let mut reservation = pb::Reservation::from(reservation.clone());
    reservation.lines.truncate(LINES_AT_MOST);
    let event = pb::ReservationChanged { reservation: Some(reservation) };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}
