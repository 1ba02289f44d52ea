//! Time as data: a point in time is whole microseconds since 1970, and "now" is asked of a
//! [`Clock`] that tests can move.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Why an external time cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("a time must be in the years 1 to 9999, with nanoseconds from 0 to 999,999,999")]
    OutOfRange,
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of google.protobuf.Timestamp.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

impl Timestamp {
    /// Returns the time `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Returns the microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the whole milliseconds since the epoch, never below zero.
    pub const fn as_millis(self) -> u64 {
        if self.0 < 0 { 0 } else { (self.0 / 1000) as u64 }
    }

    /// Returns the time `by` later; the end of the range when there is none.
    pub fn plus(self, by: Duration) -> Self {
        Timestamp(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns the time `by` earlier; the start of the range when there is none.
    pub fn minus(self, by: Duration) -> Self {
        Timestamp(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns how long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    /// Prints RFC 3339 with microseconds, in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prost_types::Timestamp::from(*self).fmt(f)
    }
}

impl From<Timestamp> for prost_types::Timestamp {
    fn from(time: Timestamp) -> Self {
        prost_types::Timestamp {
            seconds: time.0.div_euclid(1_000_000),
            nanos: (time.0.rem_euclid(1_000_000) * 1000) as i32,
        }
    }
}

impl TryFrom<prost_types::Timestamp> for Timestamp {
    type Error = TimeError;

    /// Takes a time from the wire; it is truncated to microseconds.
    fn try_from(time: prost_types::Timestamp) -> Result<Self, TimeError> {
        let in_range = (FIRST_SECOND..=LAST_SECOND).contains(&time.seconds)
            && (0..1_000_000_000).contains(&time.nanos);
        if !in_range {
            return Err(TimeError::OutOfRange);
        }
        Ok(Timestamp(time.seconds * 1_000_000 + i64::from(time.nanos) / 1000))
    }
}

/// Returns the time: the machine's own, or one that a test sets and moves.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// Returns the machine's clock.
    pub const fn system() -> Self {
        Clock(None)
    }

    /// Returns a clock that stays at `start` until it is moved; clones move together.
    pub fn manual(start: Timestamp) -> Self {
        Clock(Some(Arc::new(AtomicI64::new(start.0))))
    }

    /// Returns the present time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(hand) => Timestamp(hand.load(Ordering::SeqCst)),
            None => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Moves a manual clock forward. The machine's clock cannot be moved; asking for it is a bug.
    pub fn advance(&self, by: Duration) {
        let hand = self.0.as_ref().expect("only a manual clock is moved");
        hand.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_manual_clock_moves_only_when_it_is_moved() {
        let clock = Clock::manual(Timestamp::from_micros(5));
        let same = clock.clone();
        clock.advance(Duration::from_secs(1));
        assert_eq!(same.now(), Timestamp::from_micros(1_000_005));
    }

    #[test]
    fn times_outside_the_calendar_are_refused() {
        for (seconds, nanos) in
            [(LAST_SECOND + 1, 0), (FIRST_SECOND - 1, 0), (0, -1), (0, 1_000_000_000)]
        {
            let time = prost_types::Timestamp { seconds, nanos };
            assert_eq!(Timestamp::try_from(time), Err(TimeError::OutOfRange));
        }
    }

    #[test]
    fn a_time_prints_as_rfc_3339() {
        assert_eq!(
            Timestamp::from_micros(1_291_191_960_000_000).to_string(),
            "2010-12-01T08:26:00Z"
        );
    }

    proptest! {
        #[test]
        fn a_time_survives_the_wire(micros in FIRST_SECOND * 1_000_000..LAST_SECOND * 1_000_000) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(Timestamp::try_from(prost_types::Timestamp::from(time)), Ok(time));
        }
    }
}
