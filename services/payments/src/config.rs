//! What an operator can set; `config.default.toml` says what each setting is for.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use souk_chassis::StartError;
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
    /// Seconds of silence after which another replica takes over an operation; longer than any
    /// operation takes.
    pub lease_seconds: u64,
    /// Milliseconds between two looks for operations to finish.
    pub sweep_milliseconds: u64,
    /// Milliseconds before the first new try of an operation whose outcome is not known; doubles up
    /// to ten seconds.
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

/// Longer than any provider call and any ledger call, so that a lease that runs out belongs to
/// nobody alive.
const SHORTEST_LEASE_SECONDS: u64 = 20;

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let recovery = &self.recovery;
        let limits: [(&str, u64, RangeInclusive<u64>); 4] = [
            (
                "payments.recovery.lease_seconds",
                recovery.lease_seconds,
                SHORTEST_LEASE_SECONDS..=3600,
            ),
            ("payments.recovery.sweep_milliseconds", recovery.sweep_milliseconds, 1..=60_000),
            ("payments.recovery.retry_milliseconds", recovery.retry_milliseconds, 1..=60_000),
            (
                "payments.simulator.fee_basis_points",
                self.simulator.fee_basis_points.into(),
                0..=10_000,
            ),
        ];
        for (key, value, allowed) in limits {
            if !allowed.contains(&value) {
                let allowed = format!("must be {} to {}", allowed.start(), allowed.end());
                return Err(StartError::configuration(key, &value.to_string(), &allowed));
            }
        }
        Ok(())
    }
}

impl RecoveryConfig {
    /// Returns how long whoever claims an operation may be silent.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds)
    }

    /// Returns how long to wait between two looks for operations to finish.
    pub fn sweep(&self) -> Duration {
        Duration::from_millis(self.sweep_milliseconds)
    }

    /// Returns how long to wait before the first new try of an operation.
    pub fn retry(&self) -> Duration {
        Duration::from_millis(self.retry_milliseconds)
    }
}
