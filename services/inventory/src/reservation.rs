//! The life of a reservation. Pure: each step takes the current reservation and returns the next,
//! or why it is not allowed.
//!
//! ```text
//!                    commit               consume
//!   reserve ──▶ HELD ───────▶ COMMITTED ──────────▶ CONSUMED ──┐ take_back: units come
//!                │ │             │                     ▲───────┘ back, the state stays
//!        expire  │ │ release     │ release
//!                ▼ └──────┐      │
//!            EXPIRED      ▼      ▼
//!                         RELEASED ◀── release of an id that is not known: a tombstone,
//!                                      without lines, which refuses the reserve to come
//! ```
//!
//! The first change of the state wins. The same step again is a repeat and changes nothing; a step
//! that the state no longer allows is [`Error::ReservationState`].
//!
//! Units also leave and are released in parts, each known by a key of its own. The state stays
//! until no unit is held any more; then it is CONSUMED if any left, and RELEASED otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use souk_types::{OrderId, ReservationId, Timestamp};

use crate::allocation::Allocation;
use crate::error::Error;
use crate::state::State;
use crate::stock_key::{Quantities, Shortage, StockKey};

/// A promise of stock, all of its lines or none.
///
/// **Invariant:** the units that its lines hold are among the reserved ones of their stock exactly
/// while it is HELD or COMMITTED; in every other state they hold none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub id: ReservationId,
    /// The service that made it, and alone may change it: `service:orders`. Empty in a tombstone.
    pub owner: String,
    /// The order that it belongs to, if the caller of CreateReservation named one.
    pub order: Option<OrderId>,
    pub state: State,
    /// By stock, each once. Empty only for a tombstone.
    pub lines: Vec<Line>,
    pub expire_time: Timestamp,
    pub create_time: Timestamp,
    /// When the state last changed.
    pub update_time: Timestamp,
    /// When its units were promised in the world or, once it is consumed, when they left.
    pub effective_time: Option<Timestamp>,
}

/// Units of one stock.
///
/// **Invariant:** `0 ≤ returned ≤ consumed`, `0 ≤ released` and `consumed + released ≤ quantity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Without a location when it is untracked.
    pub key: StockKey,
    /// Units that were promised.
    pub quantity: i64,
    /// Units of these that left.
    pub consumed: i64,
    /// Units of these that were given up.
    pub released: i64,
    /// Units of those consumed that came back.
    pub returned: i64,
    /// Whether its units are of no stock.
    pub is_untracked: bool,
}

/// A part of a reservation that was moved: the reservation after it, and what moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub reservation: Reservation,
    /// Units by stock; untracked ones are of none.
    pub units: Quantities,
    /// The places of the lines that changed.
    pub lines: Vec<usize>,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The reservation has changed, and has to be stored.
    Changed(Reservation),
    /// The step was taken before; nothing changes.
    Repeated(Reservation),
}

impl Reservation {
    /// Promises units until `ttl` from now; it belongs to no order yet, has no lines yet, and
    /// happens now.
    pub fn hold(id: ReservationId, ttl: Duration, now: Timestamp) -> Self {
        Reservation {
            id,
            owner: String::new(),
            order: None,
            state: State::Held,
            lines: Vec::new(),
            expire_time: now.plus(ttl),
            create_time: now,
            update_time: now,
            effective_time: Some(now),
        }
    }

    /// Returns the same, with the lines of what was allocated to it.
    #[must_use]
    pub fn with(mut self, allocation: &Allocation) -> Self {
        let line = |is_untracked, key: &StockKey, quantity| Line {
            key: key.clone(),
            quantity,
            consumed: 0,
            released: 0,
            returned: 0,
            is_untracked,
        };
        let tracked = allocation.units.iter().map(|(key, units)| line(false, key, *units));
        let untracked = allocation.untracked.iter().map(|(key, units)| line(true, key, *units));
        self.lines = tracked.chain(untracked).collect();
        self.lines.sort_by(|one, other| one.key.cmp(&other.key));
        self
    }

    /// Remembers that an id was released before it was reserved.
    pub fn tombstone(id: ReservationId, now: Timestamp) -> Self {
        Reservation {
            id,
            owner: String::new(),
            order: None,
            state: State::Released,
            lines: Vec::new(),
            expire_time: now,
            create_time: now,
            update_time: now,
            effective_time: None,
        }
    }

    /// Refuses a service that did not make it. A tombstone has no owner.
    pub fn of(self, owner: &str) -> Result<Self, Error> {
        if self.owner == owner || self.lines.is_empty() {
            return Ok(self);
        }
        Err(Error::OfOrder { id: self.id, order: self.order })
    }

    /// Answers a reserve that came again, or after its release. The reservation is unchanged.
    pub fn reserve_again(self, wanted: &Quantities) -> Result<Self, Error> {
        if self.lines.is_empty() {
            return Err(self.refusal("made"));
        }
        if !self.fits(wanted) {
            return Err(Error::ReservationDiffers(self.id));
        }
        Ok(self)
    }

    /// Returns whether it has as many units of each sku as are wanted, and those that were wanted
    /// at a location there.
    fn fits(&self, wanted: &Quantities) -> bool {
        let mut has: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &self.lines {
            *has.entry(&line.key.sku).or_default() += line.quantity;
        }
        let mut wants: BTreeMap<&str, i64> = BTreeMap::new();
        for (key, quantity) in wanted {
            *wants.entry(&key.sku).or_default() += quantity;
        }
        has == wants
            && wanted.iter().filter(|(key, _)| !key.location.is_empty()).all(|(key, quantity)| {
                let of_sku = self.lines_of(&key.sku).filter_map(|place| self.lines.get(place));
                let mut there = of_sku.filter(|line| line.is_untracked || line.key == *key);
                there.any(|line| line.quantity >= *quantity)
            })
    }

    /// Makes a hold lasting.
    pub fn commit(self, now: Timestamp) -> Result<Step, Error> {
        match self.state {
            State::Held => Ok(self.becomes(State::Committed, now, |_| ())),
            State::Committed | State::Consumed => Ok(Step::Repeated(self)),
            State::Released | State::Expired => Err(self.refusal("committed")),
        }
    }

    /// Takes the promise of all that it holds back.
    pub fn release(self, now: Timestamp) -> Result<Step, Error> {
        let some_were_released = self.lines.iter().any(|line| line.released > 0);
        match self.state {
            State::Held | State::Committed => {
                let end = self.end();
                Ok(self.becomes(end, now, |line| line.released += line.held()))
            }
            State::Released | State::Expired => Ok(Step::Repeated(self)),
            State::Consumed if some_were_released => Ok(Step::Repeated(self)),
            State::Consumed => Err(self.refusal("released")),
        }
    }

    /// Records that all units that it holds left.
    pub fn consume(self, now: Timestamp) -> Result<Step, Error> {
        match self.state {
            State::Committed => {
                Ok(self.becomes(State::Consumed, now, |line| line.consumed += line.held()))
            }
            State::Consumed => Ok(Step::Repeated(self)),
            State::Held | State::Released | State::Expired => Err(self.refusal("consumed")),
        }
    }

    /// Ends a hold whose time is over; anything else is left alone.
    pub fn expire(self, now: Timestamp) -> Step {
        match self.state {
            State::Held if self.expire_time <= now => {
                self.becomes(State::Expired, now, |line| line.released += line.held())
            }
            _ => Step::Repeated(self),
        }
    }

    /// Records that some of the units left, all of these or none.
    pub fn consume_part(self, wanted: &Quantities, now: Timestamp) -> Result<Part, Error> {
        if self.state != State::Committed {
            return Err(self.refusal("consumed"));
        }
        self.end_part(wanted, now, |line, units| line.consumed += units)
    }

    /// Takes the promise of some of the units back, all of these or none.
    pub fn release_part(self, wanted: &Quantities, now: Timestamp) -> Result<Part, Error> {
        if !self.holds_stock() {
            return Err(self.refusal("released"));
        }
        self.end_part(wanted, now, |line, units| line.released += units)
    }

    fn end_part(
        self,
        wanted: &Quantities,
        now: Timestamp,
        apply: fn(&mut Line, i64),
    ) -> Result<Part, Error> {
        let mut part =
            self.part(wanted, Line::held, apply).map_err(|short| Error::ExceedsReserved {
                key: short.key,
                requested: short.requested,
                held: short.available,
            })?;
        if part.reservation.lines.iter().all(|line| line.held() == 0) {
            let state = part.reservation.end();
            part.reservation.state = state;
            part.reservation.update_time = now;
        }
        Ok(part)
    }

    /// Records that consumed units came back, all of them or none.
    pub fn take_back(self, wanted: &Quantities) -> Result<Part, Error> {
        let some_left = self.lines.iter().any(|line| line.consumed > 0);
        if !some_left {
            return Err(self.refusal("returned to stock"));
        }
        let returnable = |line: &Line| line.consumed - line.returned;
        self.part(wanted, returnable, |line, units| line.returned += units).map_err(|short| {
            Error::ReturnExceedsConsumed {
                key: short.key,
                requested: short.requested,
                returnable: short.available,
            }
        })
    }

    /// Moves units of its lines, or says which are not there. Units without a location are taken
    /// from the lines of their sku in order, after those that have one.
    fn part(
        mut self,
        wanted: &Quantities,
        free: fn(&Line) -> i64,
        apply: fn(&mut Line, i64),
    ) -> Result<Part, Shortage> {
        let mut units = Quantities::new();
        let mut changed = BTreeSet::new();
        let (anywhere, named): (Vec<_>, Vec<_>) =
            wanted.iter().partition(|(key, _)| key.location.is_empty());
        for (key, &requested) in named.into_iter().chain(anywhere) {
            let mut missing = requested;
            for place in self.lines_of(&key.sku) {
                let Some(line) = self.lines.get_mut(place) else { continue };
                if !key.location.is_empty() && line.key != *key {
                    continue;
                }
                let moved = free(line).min(missing);
                if moved <= 0 {
                    continue;
                }
                apply(line, moved);
                missing -= moved;
                changed.insert(place);
                if !line.is_untracked {
                    *units.entry(line.key.clone()).or_default() += moved;
                }
            }
            if missing > 0 {
                let available = requested - missing;
                return Err(Shortage { key: key.clone(), requested, available });
            }
        }
        Ok(Part { reservation: self, units, lines: changed.into_iter().collect() })
    }

    /// Returns the places of the lines of a sku. The lines come by stock, and there may be
    /// thousands of them.
    fn lines_of(&self, sku: &str) -> std::ops::Range<usize> {
        let start = self.lines.partition_point(|line| line.key.sku.as_str() < sku);
        let end = self.lines.partition_point(|line| line.key.sku.as_str() <= sku);
        start..end
    }

    /// Returns the state of one that holds nothing any more.
    fn end(&self) -> State {
        if self.lines.iter().any(|line| line.consumed > 0) {
            return State::Consumed;
        }
        State::Released
    }

    /// Checks that what follows does not happen before what it follows. `time` is what the caller
    /// named, if it did: clocks of replicas differ a little, so only such a time can be too early.
    pub fn is_followed_at(&self, time: Option<Timestamp>) -> Result<(), Error> {
        match (time, self.effective_time) {
            (Some(time), Some(before)) if time < before => {
                let step = if self.state == State::Consumed { "left" } else { "were reserved" };
                Err(Error::field(
                    "effective_time",
                    format!("must not be before the units {step}, {before}"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether units are set aside for it.
    pub fn holds_stock(&self) -> bool {
        matches!(self.state, State::Held | State::Committed)
    }

    /// Returns the units of each stock that it holds.
    pub fn held(&self) -> Quantities {
        let held = self.lines.iter().filter(|line| !line.is_untracked && line.held() > 0);
        held.map(|line| (line.key.clone(), line.held())).collect()
    }

    fn becomes(mut self, state: State, now: Timestamp, apply: fn(&mut Line)) -> Step {
        self.state = state;
        self.update_time = now;
        self.lines.iter_mut().for_each(apply);
        Step::Changed(self)
    }

    fn refusal(&self, step: &'static str) -> Error {
        Error::ReservationState { id: self.id, state: self.state, step }
    }
}

impl Line {
    /// Returns how many of its units are still promised.
    pub fn held(&self) -> i64 {
        self.quantity - self.consumed - self.released
    }
}

#[cfg(test)]
#[path = "reservation_tests.rs"]
mod tests;
