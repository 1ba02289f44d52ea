//! The events of inventory, put into the outbox by the write that makes the change.

use souk_client::inventory::v1 as pb;
use souk_client::types::v1::Actor;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::Timestamp;

use crate::error::Error;
use crate::movement::Movement;
use crate::reservation::Reservation;
use crate::state::State;
use crate::stock::Stock;

/// The most lines of a reservation that an event carries: an event passes brokers that take a
/// megabyte.
const LINES_AT_MOST: usize = 200;

/// Publishes what may change what a storefront shows: units on hand changed, reserved ones became
/// available again, or few are left. `after` and `movements` speak of the same stocks in the same
/// order.
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

/// Publishes that a reservation was made, entered a new state, or that units of it left or were
/// released.
pub async fn reservation_changed(
    tx: &Tx,
    previous: Option<State>,
    reservation: &Reservation,
    actor: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut reservation = pb::Reservation::from(reservation.clone());
    reservation.lines.truncate(LINES_AT_MOST);
    let previous = previous.map_or(pb::ReservationState::Unspecified, State::into);
    let event = pb::ReservationChanged {
        reservation: Some(reservation),
        previous_state: previous.into(),
        actor: Actor::from_stored(actor),
    };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}
