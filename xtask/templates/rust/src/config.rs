//! What an operator can set. `config.default.toml` holds the defaults and says what each field means.

use std::ops::RangeInclusive;

use serde::Deserialize;
use souk_chassis::StartError;
use souk_data::DataConfig;

/// The settings of the {{name}} service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database.
    pub data: DataConfig,
    /// What holds of entries.
    pub entries: EntriesConfig,
    /// How long things are kept.
    pub retention: RetentionConfig,
}

/// What holds of entries.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesConfig {
    /// How many one user may have.
    pub most_per_user: u64,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Seconds between two looks for what has been kept long enough.
    pub sweep_seconds: u64,
}

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let limits: [(&str, u64, RangeInclusive<u64>); 2] = [
            ("{{name}}.entries.most_per_user", self.entries.most_per_user, 1..=1_000_000),
            ("{{name}}.retention.sweep_seconds", self.retention.sweep_seconds, 1..=86_400),
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
