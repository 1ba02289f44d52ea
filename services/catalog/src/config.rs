//! The settings. `config.default.toml` has the defaults and documents each field.

use serde::Deserialize;
use souk_data::DataConfig;

/// The settings of the catalog service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The catalogue's database.
    pub data: DataConfig,
}
