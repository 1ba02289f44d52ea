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

use std::time::Duration;

use souk_types::{OrderId, ReservationId, Timestamp};

use crate::error::Error;
use crate::state::State;
use crate::stock_key::{Quantities, StockKey};

/// A promise of stock, all of its lines or none.
///
/// **Invariant:** its units are among the reserved ones of their stock exactly while it is HELD or
/// COMMITTED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub id: ReservationId,
    /// The service that made it, and alone may change it: `service:orders`. Empty in a tombstone.
    pub owner: String,
    /// The order that it belongs to, if the caller of Reserve named one.
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
/// **Invariant:** `0 ≤ returned ≤ quantity`, and nothing is returned before it is consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub key: StockKey,
    /// Units that are promised.
    pub quantity: i64,
    /// Units of these that were consumed and came back.
    pub returned: i64,
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
    /// Promises these units until `ttl` from now; it belongs to no order yet, and happens now.
    pub fn hold(id: ReservationId, wanted: &Quantities, ttl: Duration, now: Timestamp) -> Self {
        let lines = wanted
            .iter()
            .map(|(key, &quantity)| Line { key: key.clone(), quantity, returned: 0 })
            .collect();
        Reservation {
            id,
            owner: String::new(),
            order: None,
            state: State::Held,
            lines,
            expire_time: now.plus(ttl),
            create_time: now,
            update_time: now,
            effective_time: Some(now),
        }
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
        if self.units() != *wanted {
            return Err(Error::ReservationDiffers(self.id));
        }
        Ok(self)
    }

    /// Makes a hold lasting.
    pub fn commit(self, now: Timestamp) -> Result<Step, Error> {
        match self.state {
            State::Held => Ok(self.becomes(State::Committed, now)),
            State::Committed | State::Consumed => Ok(Step::Repeated(self)),
            State::Released | State::Expired => Err(self.refusal("committed")),
        }
    }

    /// Takes the promise back.
    pub fn release(self, now: Timestamp) -> Result<Step, Error> {
        match self.state {
            State::Held | State::Committed => Ok(self.becomes(State::Released, now)),
            State::Released | State::Expired => Ok(Step::Repeated(self)),
            State::Consumed => Err(self.refusal("released")),
        }
    }

    /// Records that the units left.
    pub fn consume(self, now: Timestamp) -> Result<Step, Error> {
        match self.state {
            State::Committed => Ok(self.becomes(State::Consumed, now)),
            State::Consumed => Ok(Step::Repeated(self)),
            State::Held | State::Released | State::Expired => Err(self.refusal("consumed")),
        }
    }

    /// Ends a hold whose time is over; anything else is left alone.
    pub fn expire(self, now: Timestamp) -> Step {
        match self.state {
            State::Held if self.expire_time <= now => self.becomes(State::Expired, now),
            _ => Step::Repeated(self),
        }
    }

    /// Records that consumed units came back, all of them or none.
    pub fn take_back(mut self, units: &Quantities) -> Result<Self, Error> {
        if self.state != State::Consumed {
            return Err(self.refusal("returned to stock"));
        }
        for (key, &quantity) in units {
            // The lines come by stock, and there may be thousands of them.
            let place = self.lines.binary_search_by(|line| line.key.cmp(key));
            let line = place.ok().and_then(|place| self.lines.get_mut(place));
            let returnable = line.as_ref().map_or(0, |line| line.quantity - line.returned);
            match line {
                Some(line) if quantity <= returnable => line.returned += quantity,
                _ => {
                    return Err(Error::ReturnExceedsConsumed {
                        key: key.clone(),
                        requested: quantity,
                        returnable,
                    });
                }
            }
        }
        Ok(self)
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

    /// Returns the units that it promises, or promised.
    pub fn units(&self) -> Quantities {
        self.lines.iter().map(|line| (line.key.clone(), line.quantity)).collect()
    }

    fn becomes(mut self, state: State, now: Timestamp) -> Step {
        self.state = state;
        self.update_time = now;
        Step::Changed(self)
    }

    fn refusal(&self, step: &'static str) -> Error {
        Error::ReservationState { id: self.id, state: self.state, step }
    }
}

#[cfg(test)]
#[path = "reservation_tests.rs"]
mod tests;
