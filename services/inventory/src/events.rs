//! The events of inventory, put into the outbox by the write that makes the change.

use prost::Message;
use souk_client::inventory::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{EventId, Timestamp};

use crate::error::Error;
use crate::movement::Movement;
use crate::reservation::Reservation;
use crate::stock::Stock;

/// Tells that units on hand changed; `after` and `movements` speak of the same stocks in the same order.
pub async fn stock_changed(tx: &Tx, after: &[Stock], movements: &[Movement], now: Timestamp) -> Result<(), Error> {
    let events = after.iter().zip(movements).map(|(stock, movement)| {
        let event = pb::StockChanged { stock: Some(stock.clone().into()), movement: Some(movement.clone().into()) };
        new("souk.inventory.v1.StockChanged", stock.key.sku.clone(), &event, now)
    });
    let events: Vec<NewEvent> = events.collect();
    Ok(outbox::append_all(tx, &events).await?)
}

/// Tells that a reservation entered a new state.
pub async fn reservation_changed(tx: &Tx, reservation: &Reservation, now: Timestamp) -> Result<(), Error> {
    let event = pb::ReservationChanged { reservation: Some(reservation.clone().into()) };
    let event = new("souk.inventory.v1.ReservationChanged", reservation.id.to_string(), &event, now);
    Ok(outbox::append(tx, event).await?)
}

fn new(kind: &str, key: String, event: &impl Message, now: Timestamp) -> NewEvent {
    NewEvent { id: EventId::new(now), kind: kind.to_owned(), key, payload: event.encode_to_vec(), time: now }
}
