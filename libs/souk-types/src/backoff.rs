//! How long to wait before a retry: the one rule for all retries.

use std::time::Duration;

/// Pauses that double with each failure up to a limit. Each is shortened at random by up to half,
/// so that those who failed together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts with no failure: the first pause is at most `first`, and none is longer than
    /// `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Backoff { first, longest, failures: 0 }
    }

    /// Returns the pause after `failures` failures in a row, for those who keep the count
    /// elsewhere.
    pub fn after(first: Duration, longest: Duration, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let pause = first.saturating_mul(1 << doublings).min(longest);
        pause.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Returns the pause after one more failure.
    pub fn next_pause(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        Backoff::after(self.first, self.longest, self.failures)
    }

    /// Returns whether the last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Forgets the failures after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);

    #[test]
    fn pauses_double_to_a_limit_and_start_again_after_a_success() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let pauses: Vec<_> = (0..40).map(|_| backoff.next_pause()).collect();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST);
        assert!(pauses[2] >= FIRST * 2 && pauses[2] <= FIRST * 4);
        assert!(pauses[39] >= LONGEST / 2 && pauses[39] <= LONGEST);
        assert!(backoff.is_failing());
        backoff.reset();
        assert!(!backoff.is_failing() && backoff.next_pause() <= FIRST);
    }
}
