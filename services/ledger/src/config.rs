//! The settings; `config.default.toml` documents each of them.

use std::time::Duration;

use serde::Deserialize;
use souk_chassis::StartError;
use souk_data::DataConfig;

/// The settings of the ledger service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the accounts and transfers are.
    pub data: DataConfig,
    /// How pending transfers expire.
    pub expiry: ExpiryConfig,
}

/// How pending transfers expire.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiryConfig {
    /// Milliseconds between two sweeps for pending transfers whose timeout has passed.
    pub sweep_milliseconds: u32,
}

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let sweep = self.expiry.sweep_milliseconds;
        if (1..=60_000).contains(&sweep) {
            return Ok(());
        }
        Err(StartError::configuration(
            "ledger.expiry.sweep_milliseconds",
            &sweep.to_string(),
            "must be 1 to 60000",
        ))
    }
}

impl ExpiryConfig {
    /// Returns how long to wait between two sweeps.
    pub fn sweep(&self) -> Duration {
        Duration::from_millis(u64::from(self.sweep_milliseconds))
    }
}
