//! Until when the result of a call is of use.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

/// Longer timeouts count as none.
const LONGEST: Duration = Duration::from_secs(180 * 24 * 3600);
/// Represents "no deadline": far enough away for every timer, near enough to be a valid instant.
static NEVER: LazyLock<Instant> = LazyLock::new(|| Instant::now() + 2 * LONGEST);

/// The instant at which the caller stops waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline that lies `timeout` from now.
    pub fn after(timeout: Duration) -> Deadline {
        Deadline::from_start(Instant::now(), timeout)
    }

    /// Returns a deadline so far away that it does not matter (half a year at least).
    pub fn never() -> Deadline {
        Deadline(*NEVER)
    }

    /// Returns the time that is left; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Returns the instant of the deadline, for `tokio::time::timeout_at`.
    pub fn instant(&self) -> Instant {
        self.0
    }

    /// Returns whether the caller no longer waits.
    pub fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }

    /// Returns whether there is no deadline to speak of.
    pub fn is_never(&self) -> bool {
        self.0 >= *NEVER
    }

    /// Returns the deadline `timeout` after `start`.
    pub fn from_start(start: Instant, timeout: Duration) -> Deadline {
        if timeout > LONGEST { Deadline::never() } else { Deadline(start + timeout) }
    }

    /// Returns the earlier of the two.
    #[must_use]
    pub fn earlier(self, other: Deadline) -> Deadline {
        self.min(other)
    }
}
