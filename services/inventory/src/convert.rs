//! Wire ↔ domain: the only place where wire data becomes trusted data.

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message as _;
use sea_orm::ActiveEnum;
use souk_client::inventory::v1 as pb;
use souk_client::types::v1 as types;
use souk_types::Timestamp;

use crate::availability::{Availability, AvailabilityState};
use crate::error::Error;
use crate::location::{Location, LocationChange};
use crate::movement::{Movement, MovementKind};
use crate::policy::{Policy, PolicyChange, StockPolicy, etag};
use crate::reservation::{Line, Reservation};
use crate::state::State;
use crate::stock::{MOST_UNITS, Stock};
use crate::stock_key::{Quantities, StockKey};

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

/// Reads units of a reservation, added up by sku and location. No location is any.
pub fn lines(lines: Vec<pb::ReservationLine>) -> Result<Quantities, Error> {
    sum(lines.into_iter().map(|line| {
        let pb::ReservationLine { sku, location_id: location, quantity } = line;
        (StockKey { sku, location }, quantity)
    }))
}

fn sum(lines: impl Iterator<Item = (StockKey, i32)>) -> Result<Quantities, Error> {
    let mut sums = Quantities::new();
    for (key, quantity) in lines {
        let sum = sums.get(&key).copied().unwrap_or(0_i64) + i64::from(quantity);
        if sum > MOST_UNITS {
            return Err(Error::QuantityOverflow(key));
        }
        sums.insert(key, sum);
    }
    Ok(sums)
}

/// Reads the part of a reservation that a call names: nothing when it means all of it. A part has a
/// key of its own.
pub fn part(
    request_id: String,
    lines: Vec<pb::ReservationLine>,
) -> Result<Option<(String, Quantities)>, Error> {
    match (request_id.is_empty(), lines.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Err(Error::field("request_id", "is required with lines")),
        (false, true) => Err(Error::field("request_id", "must be empty without lines")),
        (false, false) => Ok(Some((request_id, self::lines(lines)?))),
    }
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

/// Reads a time that a list starts or ends at.
pub fn bound(
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    time.map(Timestamp::try_from).transpose().map_err(|error| Error::field(field, error))
}

/// Reads the states to filter by.
pub fn states(numbers: &[i32]) -> BTreeSet<State> {
    numbers.iter().filter_map(|number| State::try_from_value(&(*number).into()).ok()).collect()
}

/// Reads the kinds to filter by.
pub fn kinds(numbers: &[i32]) -> BTreeSet<MovementKind> {
    numbers
        .iter()
        .filter_map(|number| MovementKind::try_from_value(&(*number).into()).ok())
        .collect()
}

/// Reads a text to filter by; empty is any.
pub fn filter(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

/// Reads a location that is to be created.
pub fn new_location(location: Option<pb::Location>, now: Timestamp) -> Result<Location, Error> {
    let location = location.ok_or_else(|| Error::field("location", "is required"))?;
    Ok(Location {
        title: title(location.title)?,
        id: location.location_id,
        address: location.address.map(|address| address.encode_to_vec()),
        priority: location.priority.into(),
        is_active: true,
        version: 1,
        create_time: now,
        update_time: now,
    })
}

fn title(title: String) -> Result<String, Error> {
    if title.is_empty() {
        return Err(Error::field("location.title", "must have 1 to 200 characters"));
    }
    Ok(title)
}

/// What can be changed of a location.
const OF_LOCATION: &[&str] = &["title", "address", "priority", "active"];

/// Reads what is to be changed of a location.
pub fn location_change(
    location: pb::Location,
    mask: Option<prost_types::FieldMask>,
) -> Result<LocationChange, Error> {
    let paths = paths(mask, OF_LOCATION)?;
    let names = |path: &str| paths.contains(path);
    let title = if names("title") { Some(title(location.title)?) } else { None };
    let address = location.address.map(|address| address.encode_to_vec());
    Ok(LocationChange {
        title,
        address: names("address").then_some(address),
        priority: names("priority").then_some(location.priority.into()),
        is_active: names("active").then_some(location.active),
    })
}

/// What can be changed of a policy.
const OF_POLICY: &[&str] =
    &["policy", "backorder_limit", "backorder_location_id", "expected_time", "low_quantity"];

/// Reads what is to be changed of a policy.
pub fn policy_change(
    policy: pb::StockPolicy,
    mask: Option<prost_types::FieldMask>,
) -> Result<PolicyChange, Error> {
    let paths = paths(mask, OF_POLICY)?;
    let names = |path: &str| paths.contains(path);
    let mut change = PolicyChange::default();
    if names("policy") {
        let kind = Policy::try_from_value(&policy.policy.into());
        let kind = kind.map_err(|_| Error::field("stock_policy.policy", "is required"))?;
        change.policy = Some(kind);
    }
    if names("expected_time") {
        change.expected_time = Some(bound("stock_policy.expected_time", policy.expected_time)?);
    }
    change.backorder_limit = names("backorder_limit").then_some(policy.backorder_limit.into());
    change.backorder_location =
        names("backorder_location_id").then(|| location(policy.backorder_location_id));
    change.low_quantity = names("low_quantity").then_some(policy.low_quantity.into());
    Ok(change)
}

/// Reads the paths of a mask, each of which is one of those `allowed`; `*` is all of them.
fn paths(
    mask: Option<prost_types::FieldMask>,
    allowed: &[&'static str],
) -> Result<BTreeSet<String>, Error> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    let is_allowed = |path: &String| path == "*" || allowed.contains(&path.as_str());
    if paths.is_empty() || !paths.iter().all(is_allowed) {
        let problem = format!("must name at least one of {}, or be *", allowed.join(", "));
        return Err(Error::field("update_mask", problem));
    }
    if paths.iter().any(|path| path == "*") {
        return Ok(allowed.iter().map(|path| (*path).to_owned()).collect());
    }
    Ok(paths.into_iter().collect())
}

/// Returns units as the contract has them. The rules keep them in its range; what a stock of an
/// earlier version holds beyond it is said as the largest number.
fn units(units: i64) -> i32 {
    i32::try_from(units).unwrap_or(if units < 0 { i32::MIN } else { i32::MAX })
}

impl From<Location> for pb::Location {
    fn from(location: Location) -> Self {
        let address = location.address.as_deref().map(types::Address::decode);
        pb::Location {
            location_id: location.id,
            title: location.title,
            create_time: Some(location.create_time.into()),
            update_time: Some(location.update_time.into()),
            address: address.and_then(Result::ok),
            priority: units(location.priority),
            active: location.is_active,
            etag: etag(location.version),
        }
    }
}

impl From<StockPolicy> for pb::StockPolicy {
    fn from(policy: StockPolicy) -> Self {
        pb::StockPolicy {
            sku: policy.sku,
            policy: pb::InventoryPolicy::from(policy.policy).into(),
            backorder_limit: units(policy.backorder_limit),
            backorder_location_id: policy.backorder_location,
            expected_time: policy.expected_time.map(Timestamp::into),
            low_quantity: units(policy.low_quantity),
            update_time: policy.update_time.map(Timestamp::into),
            etag: etag(policy.version),
        }
    }
}

impl From<Policy> for pb::InventoryPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Tracked => pb::InventoryPolicy::Tracked,
            Policy::Untracked => pb::InventoryPolicy::Untracked,
            Policy::Backorder => pb::InventoryPolicy::Backorder,
        }
    }
}

impl From<Availability> for pb::Availability {
    fn from(availability: Availability) -> Self {
        let state = match availability.state {
            AvailabilityState::InStock => pb::AvailabilityState::InStock,
            AvailabilityState::Low => pb::AvailabilityState::Low,
            AvailabilityState::Backorder => pb::AvailabilityState::Backorder,
            AvailabilityState::OutOfStock => pb::AvailabilityState::OutOfStock,
            AvailabilityState::Untracked => pb::AvailabilityState::Untracked,
        };
        pb::Availability {
            sku: availability.sku,
            state: state.into(),
            available: units(availability.available),
            backorderable: units(availability.backorderable),
            expected_time: availability.expected_time.map(Timestamp::into),
        }
    }
}

impl From<Stock> for pb::Stock {
    fn from(stock: Stock) -> Self {
        pb::Stock {
            sku: stock.key.sku,
            location_id: stock.key.location,
            on_hand: units(stock.on_hand),
            reserved: units(stock.reserved),
            backorder_limit: units(stock.backorder_limit),
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
            on_hand_change: units(movement.on_hand_change),
            reserved_change: units(movement.reserved_change),
            reservation_id: movement.reservation.map_or_else(String::new, |id| id.to_string()),
            create_time: Some(movement.create_time.into()),
            effective_time: Some(movement.effective_time.into()),
            note: movement.note,
            actor: types::Actor::from_stored(&movement.actor),
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
            quantity: units(line.quantity),
            consumed: units(line.consumed),
            released: units(line.released),
            returned: units(line.returned),
            untracked: line.is_untracked,
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

    fn item(sku: &str, location_id: &str, quantity: i32) -> pb::ReceivedItem {
        pb::ReceivedItem { sku: sku.to_owned(), location_id: location_id.to_owned(), quantity }
    }

    fn line(sku: &str, location_id: &str, quantity: i32) -> pb::ReservationLine {
        pb::ReservationLine { sku: sku.to_owned(), location_id: location_id.to_owned(), quantity }
    }

    fn key(sku: &str, location: &str) -> StockKey {
        StockKey { sku: sku.to_owned(), location: location.to_owned() }
    }

    fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
        Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
    }

    fn field_of(error: &Error) -> String {
        match error {
            Error::Field(FieldError { field, .. }) => field.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_arrives_is_added_up_and_no_location_is_main() {
        let items = vec![item("mug", "", 2), item("mug", "north", 1), item("mug", "main", 3)];
        let expected = [(key("mug", "main"), 5), (key("mug", "north"), 1)];
        assert_eq!(received(items).unwrap(), Quantities::from(expected));
    }

    #[test]
    fn units_of_a_reservation_are_added_up_and_no_location_is_any() {
        let sums = lines(vec![line("mug", "", 2), line("mug", "main", 1), line("mug", "", 3)]);
        let expected = [(key("mug", ""), 5), (key("mug", "main"), 1)];
        assert_eq!(sums.unwrap(), Quantities::from(expected));
    }

    #[test]
    fn a_sum_that_is_too_large_is_refused() {
        let refused = lines(vec![line("mug", "", 1_000_000); 1_001]).unwrap_err();
        assert!(matches!(refused, Error::QuantityOverflow(at) if at == key("mug", "")));
    }

    #[test]
    fn a_part_has_lines_and_a_key_and_the_whole_has_neither() {
        assert_eq!(part(String::new(), vec![]).unwrap(), None);
        let some = part("p1".to_owned(), vec![line("mug", "", 2)]).unwrap().unwrap();
        assert_eq!(some, ("p1".to_owned(), Quantities::from([(key("mug", ""), 2)])));
        for (id, lines) in [("", vec![line("mug", "", 2)]), ("p1", vec![])] {
            assert_eq!(field_of(&part(id.to_owned(), lines).unwrap_err()), "request_id");
        }
    }

    #[test]
    fn a_mask_names_what_can_be_changed_and_a_star_is_all_of_it() {
        let north = pb::Location { title: "N".to_owned(), priority: 3, ..Default::default() };
        let change = location_change(north.clone(), mask(&["priority"])).unwrap();
        assert_eq!((change.title, change.priority, change.is_active), (None, Some(3), None));
        let change = location_change(north.clone(), mask(&["*"])).unwrap();
        assert_eq!((change.title.as_deref(), change.is_active), (Some("N"), Some(false)));
        assert_eq!(change.address, Some(None));
        for wrong in [None, mask(&[]), mask(&["location_id"]), mask(&["title", "etag"])] {
            let refused = location_change(north.clone(), wrong).unwrap_err();
            assert_eq!(field_of(&refused), "update_mask");
        }
        let nameless = location_change(pb::Location::default(), mask(&["title"])).unwrap_err();
        assert_eq!(field_of(&nameless), "location.title");
        let aimless = policy_change(pb::StockPolicy::default(), mask(&["*"])).unwrap_err();
        assert_eq!(field_of(&aimless), "stock_policy.policy");
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
        for policy in Policy::iter() {
            assert_eq!(i64::from(pb::InventoryPolicy::from(policy) as i32), policy as i64);
        }
    }
}
