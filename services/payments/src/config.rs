//! The settings; `config.default.toml` documents each of them.

use std::fmt;
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
    /// How interrupted operations are completed.
    pub recovery: RecoveryConfig,
    /// How long a customer has for an action.
    pub action: ActionConfig,
    /// The simulated provider.
    pub simulator: SimulatorConfig,
}

/// How long a customer has for an action, such as to confirm a payment with the bank.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionConfig {
    /// Seconds after which an action expires.
    pub expire_seconds: u64,
}

/// How interrupted operations are completed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryConfig {
    /// Seconds of silence after which another replica takes over an operation; longer than any
    /// operation takes.
    pub lease_seconds: u64,
    /// Milliseconds between two polls for operations to complete.
    pub sweep_milliseconds: u64,
    /// Milliseconds before the first new try of an operation whose outcome is not known; doubles up
    /// to ten seconds.
    pub retry_milliseconds: u64,
}

/// A text that is never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The simulated provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Where its own book is kept.
    pub data: DataConfig,
    /// Seconds after which it lets go of an authorised amount that was not captured.
    pub authorization_seconds: u64,
    /// Signs its events. Empty: one that only its own database knows, so that no other can send
    /// them.
    pub webhook_secret: Secret,
    /// How long `tok_slow` takes, in milliseconds.
    pub slow_milliseconds: u64,
    /// What it keeps of each capture, in hundredths of a percent, rounded down.
    pub fee_basis_points: u32,
    /// Its additional fee for each capture, in minor units; never more than the capture.
    pub fee_minor_units: u32,
}

/// Longer than any provider call and any ledger call, so that the holder of an expired lease is
/// gone.
const SHORTEST_LEASE_SECONDS: u64 = 20;

/// In bytes: what HMAC-SHA256 needs (RFC 2104).
const SHORTEST_SECRET: usize = 32;

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let recovery = &self.recovery;
        let limits: [(&str, u64, RangeInclusive<u64>); 6] = [
            (
                "payments.recovery.lease_seconds",
                recovery.lease_seconds,
                SHORTEST_LEASE_SECONDS..=3600,
            ),
            ("payments.recovery.sweep_milliseconds", recovery.sweep_milliseconds, 1..=60_000),
            ("payments.recovery.retry_milliseconds", recovery.retry_milliseconds, 1..=60_000),
            ("payments.action.expire_seconds", self.action.expire_seconds, 1..=86_400),
            (
                "payments.simulator.authorization_seconds",
                self.simulator.authorization_seconds,
                1..=31_536_000,
            ),
            (
                "payments.simulator.fee_basis_points",
                self.simulator.fee_basis_points.into(),
                0..=10_000,
            ),
        ];
        let secret = self.simulator.webhook_secret.0.len();
        if (1..SHORTEST_SECRET).contains(&secret) {
            let allowed = format!("must have at least {SHORTEST_SECRET} characters, or none");
            let key = "payments.simulator.webhook_secret";
            return Err(StartError::configuration(key, "[hidden]", &allowed));
        }
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
    /// Returns how long a claim is valid without renewal.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds)
    }

    /// Returns how long to wait between two polls for operations to complete.
    pub fn sweep(&self) -> Duration {
        Duration::from_millis(self.sweep_milliseconds)
    }

    /// Returns how long to wait before the first new try of an operation.
    pub fn retry(&self) -> Duration {
        Duration::from_millis(self.retry_milliseconds)
    }
}
