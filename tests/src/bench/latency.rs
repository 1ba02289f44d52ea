//! How long single operations took.

use std::time::Duration;

/// Latencies of one run, sorted.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Takes latencies in any order.
    pub fn new(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Latencies(latencies)
    }

    /// Returns the latency that `percent` of the operations kept within (nearest rank); zero when
    /// there were none.
    pub fn percentile(&self, percent: f64) -> Duration {
        let rank = (self.0.len() as f64 * percent / 100.0).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Returns how many operations there were.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns "p50 1.20 ms, p99 8.00 ms, worst 9.10 ms".
    pub fn summary(&self) -> String {
        let [p50, p99, worst] =
            [50.0, 99.0, 100.0].map(|percent| self.percentile(percent).as_secs_f64() * 1e3);
        format!("p50 {p50:.3} ms, p99 {p99:.3} ms, worst {worst:.3} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let latencies = Latencies::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(latencies.percentile(50.0), Duration::from_millis(100));
        assert_eq!(latencies.percentile(99.0), Duration::from_millis(198));
        assert_eq!(latencies.percentile(100.0), Duration::from_millis(200));
        assert_eq!(Latencies::new(vec![]).percentile(99.0), Duration::ZERO);
    }
}
