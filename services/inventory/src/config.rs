//! The settings. `config.default.toml` has the defaults and documents each field.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use souk_chassis::StartError;
use souk_data::DataConfig;

/// The settings of the inventory service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The inventory database.
    pub data: DataConfig,
    /// How holds expire.
    pub expiry: ExpiryConfig,
    /// How long finished reservations are kept.
    pub retention: RetentionConfig,
}

/// How holds expire.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiryConfig {
    /// Milliseconds between two polls for expired holds.
    pub sweep_milliseconds: u64,
}

/// How long finished reservations are kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Seconds between two polls for reservations to delete.
    pub sweep_seconds: u64,
    /// Days that a reservation is kept after it was released or expired.
    pub finished_days: u64,
    /// Days that a reservation is kept after it was consumed.
    pub consumed_days: u64,
}

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let limits: [(&str, u64, RangeInclusive<u64>); 4] = [
            ("inventory.expiry.sweep_milliseconds", self.expiry.sweep_milliseconds, 1..=60_000),
            ("inventory.retention.sweep_seconds", self.retention.sweep_seconds, 1..=86_400),
            ("inventory.retention.finished_days", self.retention.finished_days, 1..=36_500),
            ("inventory.retention.consumed_days", self.retention.consumed_days, 1..=36_500),
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

impl ExpiryConfig {
    /// Returns how long to wait between two polls.
    pub fn sweep(&self) -> Duration {
        Duration::from_millis(self.sweep_milliseconds)
    }
}

impl RetentionConfig {
    /// Returns how long to wait between two polls.
    pub fn sweep(&self) -> Duration {
        Duration::from_secs(self.sweep_seconds)
    }

    /// Returns how long released and expired reservations are kept.
    pub fn finished(&self) -> Duration {
        days(self.finished_days)
    }

    /// Returns how long consumed reservations are kept.
    pub fn consumed(&self) -> Duration {
        days(self.consumed_days)
    }
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(sweep_milliseconds: u64, finished_days: u64) -> Config {
        let retention = RetentionConfig { sweep_seconds: 60, finished_days, consumed_days: 400 };
        Config {
            data: DataConfig::new("sqlite:inventory.db"),
            expiry: ExpiryConfig { sweep_milliseconds },
            retention,
        }
    }

    #[test]
    fn a_setting_that_cannot_work_is_named_with_what_is_allowed() {
        config(1000, 30).check().unwrap_or_else(|error| panic!("{error}"));
        let error = config(0, 30).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "inventory.expiry.sweep_milliseconds = \"0\": must be 1 to 60000"
        );
        assert!(error.is_configuration());
        assert!(config(1000, 36_501).check().unwrap_err().to_string().contains("finished_days"));
    }
}
