//! Wire ↔ domain: the only place where wire data becomes trusted data.

use std::time::Duration;

use sea_orm::ActiveEnum;
use souk_client::inventory::v1 as pb;
use souk_types::Timestamp;

use crate::error::Error;
use crate::movement::{Movement, MovementKind};
use crate::reservation::{Line, Reservation};
use crate::state::State;
use crate::stock::Stock;
use crate::stock_key::{Quantities, StockKey};
use crate::store::location;

/// The location of stock when the caller names none.
const MAIN: &str = "main";

/// Reads a location; empty means `main`.
pub fn location(text: String) -> String {
    if text.is_empty() { MAIN.to_owned() } else { text }
}

/// Reads which stock is meant.
pub fn stock_key(sku: String, location_id: String) -> StockKey {
    StockKey { sku, location: location(location_id) }
}

/// Reads what arrived, added up by sku and location.
pub fn received(items: Vec<pb::ReceivedItem>) -> Result<Quantities, Error> {
    sum(items.into_iter().map(|item| (stock_key(item.sku, item.location_id), item.quantity)))
}

/// Reads what is to be reserved, added up by sku and location.
pub fn wanted(lines: Vec<pb::ReserveLine>) -> Result<Quantities, Error> {
    sum(lines.into_iter().map(|line| (stock_key(line.sku, line.location_id), line.quantity)))
}

/// Reads what came back, added up by sku and location.
pub fn returned(lines: Vec<pb::ReturnedLine>) -> Result<Quantities, Error> {
    sum(lines.into_iter().map(|line| (stock_key(line.sku, line.location_id), line.quantity)))
}

fn sum(lines: impl Iterator<Item = (StockKey, i64)>) -> Result<Quantities, Error> {
    let mut sums = Quantities::new();
    for (key, quantity) in lines {
        let sum = sums.get(&key).copied().unwrap_or(0_i64).checked_add(quantity);
        let sum = sum.ok_or_else(|| Error::QuantityOverflow(key.clone()))?;
        sums.insert(key, sum);
    }
    Ok(sums)
}

/// Reads how long to hold; the contract has checked that it is there, and its limits.
pub fn ttl(ttl: Option<prost_types::Duration>) -> Result<Duration, Error> {
    let ttl = ttl.ok_or_else(|| Error::field("ttl", "is required"))?;
    ttl.try_into().map_err(|_| Error::field("ttl", "must not be negative"))
}

/// Reads when something happened in the world, from staff; absent means now, and the future has not
/// happened.
pub fn past_time(time: Option<prost_types::Timestamp>, now: Timestamp) -> Result<Timestamp, Error> {
    match effective_time(time)? {
        Some(time) if time > now => {
            Err(Error::field("effective_time", "must not lie in the future"))
        }
        time => Ok(time.unwrap_or(now)),
    }
}

/// Reads when something happened in the world, from another service, whose clock may be a little
/// ahead of ours.
pub fn upstreams_time(
    time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    Ok(effective_time(time)?.map_or(now, |time| time.min(now)))
}

/// Reads the time that a caller named, unchanged.
pub fn effective_time(time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Error> {
    let time = time.map(Timestamp::try_from).transpose();
    time.map_err(|error| Error::field("effective_time", error))
}

/// Reads the state to filter by; UNSPECIFIED means any.
pub fn state(number: i32) -> Option<State> {
    State::try_from_value(&number.into()).ok()
}

impl From<location::Model> for pb::Location {
    fn from(location: location::Model) -> Self {
        let location::Model { location_id, title, create_time } = location;
        pb::Location { location_id, title, create_time: Some(create_time.into()) }
    }
}

impl From<Stock> for pb::Stock {
    fn from(stock: Stock) -> Self {
        pb::Stock {
            sku: stock.key.sku,
            location_id: stock.key.location,
            on_hand: stock.on_hand,
            reserved: stock.reserved,
            update_time: Some(stock.update_time.into()),
        }
    }
}

impl From<Movement> for pb::Movement {
    fn from(movement: Movement) -> Self {
        pb::Movement {
            movement_id: movement.id.to_string(),
            sku: movement.key.sku,
            location_id: movement.key.location,
            kind: pb::MovementKind::from(movement.kind).into(),
            on_hand_change: movement.on_hand_change,
            reserved_change: movement.reserved_change,
            reservation_id: movement.reservation.map_or_else(String::new, |id| id.to_string()),
            create_time: Some(movement.create_time.into()),
            effective_time: Some(movement.effective_time.into()),
            note: movement.note,
        }
    }
}

impl From<Reservation> for pb::Reservation {
    fn from(reservation: Reservation) -> Self {
        pb::Reservation {
            reservation_id: reservation.id.to_string(),
            state: pb::ReservationState::from(reservation.state).into(),
            line_count: i32::try_from(reservation.lines.len()).unwrap_or(i32::MAX),
            lines: reservation.lines.into_iter().map(pb::ReservedLine::from).collect(),
            expire_time: Some(reservation.expire_time.into()),
            create_time: Some(reservation.create_time.into()),
            update_time: Some(reservation.update_time.into()),
            order_id: reservation.order.map_or_else(String::new, |order| order.to_string()),
        }
    }
}

impl From<Line> for pb::ReservedLine {
    fn from(line: Line) -> Self {
        pb::ReservedLine {
            sku: line.key.sku,
            location_id: line.key.location,
            quantity: line.quantity,
            returned: line.returned,
        }
    }
}

impl From<State> for pb::ReservationState {
    fn from(state: State) -> Self {
        match state {
            State::Held => pb::ReservationState::Held,
            State::Committed => pb::ReservationState::Committed,
            State::Consumed => pb::ReservationState::Consumed,
            State::Released => pb::ReservationState::Released,
            State::Expired => pb::ReservationState::Expired,
        }
    }
}

impl From<MovementKind> for pb::MovementKind {
    fn from(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Received => pb::MovementKind::Received,
            MovementKind::Adjusted => pb::MovementKind::Adjusted,
            MovementKind::Reserved => pb::MovementKind::Reserved,
            MovementKind::Released => pb::MovementKind::Released,
            MovementKind::Expired => pb::MovementKind::Expired,
            MovementKind::Consumed => pb::MovementKind::Consumed,
            MovementKind::Returned => pb::MovementKind::Returned,
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_contract::FieldError;

    use sea_orm::Iterable;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn line(sku: &str, location_id: &str, quantity: i64) -> pb::ReserveLine {
        pb::ReserveLine { sku: sku.to_owned(), location_id: location_id.to_owned(), quantity }
    }

    #[test]
    fn lines_of_one_sku_and_location_are_added_up_and_no_location_is_main() {
        let sums =
            wanted(vec![line("mug", "", 2), line("mug", "north", 1), line("mug", "main", 3)])
                .unwrap();
        let expected = [("main", 5), ("north", 1)];
        let expected =
            expected.map(|(place, sum)| (stock_key("mug".to_owned(), place.to_owned()), sum));
        assert_eq!(sums, Quantities::from(expected));
    }

    #[test]
    fn a_sum_that_leaves_the_range_of_64_bits_is_refused() {
        let refused = wanted(vec![line("mug", "", i64::MAX), line("mug", "", 1)]).unwrap_err();
        assert!(matches!(refused, Error::QuantityOverflow(_)));
    }

    #[test]
    fn staff_may_set_the_past_and_not_the_future() {
        let at = |micros| Some(Timestamp::from_micros(micros).into());
        assert_eq!(past_time(None, NOW).unwrap(), NOW);
        assert_eq!(past_time(at(5), NOW).unwrap(), Timestamp::from_micros(5));
        assert!(
            matches!(past_time(at(1_000_001), NOW), Err(Error::Field(FieldError { field, .. })) if field == "effective_time")
        );
    }

    #[test]
    fn an_upstream_whose_clock_is_ahead_means_now() {
        let at = |micros| Some(Timestamp::from_micros(micros).into());
        assert_eq!(upstreams_time(at(5), NOW).unwrap(), Timestamp::from_micros(5));
        assert_eq!(upstreams_time(at(1_000_001), NOW).unwrap(), NOW);
    }

    #[test]
    fn states_and_kinds_have_the_numbers_of_the_contract() {
        for state in State::iter() {
            assert_eq!(i64::from(pb::ReservationState::from(state) as i32), state as i64);
        }
        for kind in MovementKind::iter() {
            assert_eq!(i64::from(pb::MovementKind::from(kind) as i32), kind as i64);
        }
    }
}
