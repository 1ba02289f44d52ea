//! What an operator can set; `config.default.toml` says what each setting is for.

use serde::Deserialize;
use souk_data::DataConfig;

/// The settings of the payments service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where payments are kept.
    pub data: DataConfig,
    /// How operations that were cut off are finished.
    pub recovery: RecoveryConfig,
    /// The provider that stands in for real ones.
    pub simulator: SimulatorConfig,
}

/// How operations that were cut off are finished.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryConfig {
    /// Seconds of silence after which another replica takes over an operation; longer than any operation takes.
    pub lease_seconds: u64,
    /// Milliseconds between two looks for operations to finish.
    pub sweep_milliseconds: u64,
    /// Milliseconds before the first new try of an operation whose outcome is not known; doubles up to ten seconds.
    pub retry_milliseconds: u64,
}

/// The provider that stands in for real ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Where its own book is kept.
    pub data: DataConfig,
    /// How long `tok_slow` takes, in milliseconds.
    pub slow_milliseconds: u64,
    /// What it keeps of each capture, in hundredths of a percent, rounded down.
    pub fee_basis_points: u32,
    /// What it keeps of each capture besides, in minor units; never more than the capture.
    pub fee_minor_units: u32,
}

/// Longer than any provider call and any ledger call, so that a lease that runs out belongs to nobody alive.
const SHORTEST_LEASE_SECONDS: u64 = 20;

impl Config {
    /// Returns the first setting that cannot work: its key, its value, and what is allowed.
    pub fn problem(&self) -> Option<(&'static str, String, &'static str)> {
        let recovery = &self.recovery;
        if !(SHORTEST_LEASE_SECONDS..=3600).contains(&recovery.lease_seconds) {
            return Some(("payments.recovery.lease_seconds", recovery.lease_seconds.to_string(), "must be 20 to 3600"));
        }
        if !(1..=60_000).contains(&recovery.sweep_milliseconds) {
            let value = recovery.sweep_milliseconds.to_string();
            return Some(("payments.recovery.sweep_milliseconds", value, "must be 1 to 60000"));
        }
        if !(1..=60_000).contains(&recovery.retry_milliseconds) {
            let value = recovery.retry_milliseconds.to_string();
            return Some(("payments.recovery.retry_milliseconds", value, "must be 1 to 60000"));
        }
        if self.simulator.fee_basis_points > 10_000 {
            let value = self.simulator.fee_basis_points.to_string();
            return Some(("payments.simulator.fee_basis_points", value, "must be 0 to 10000"));
        }
        None
    }
}
