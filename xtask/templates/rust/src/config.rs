//! The settings. `config.default.toml` has the defaults and says what each is for.

use serde::Deserialize;
use souk_chassis::StartError;
use souk_data::DataConfig;

/// The settings of the {{name}} service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database.
    pub data: DataConfig,
    /// The limits of entries.
    pub entries: EntriesConfig,
}

/// The limits of entries.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesConfig {
    /// How many one customer may have.
    pub most_per_customer: u64,
}

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let most = self.entries.most_per_customer;
        if (1..=1_000_000).contains(&most) {
            return Ok(());
        }
        Err(StartError::configuration(
            "{{name}}.entries.most_per_customer",
            &most.to_string(),
            "must be 1 to 1000000",
        ))
    }
}
