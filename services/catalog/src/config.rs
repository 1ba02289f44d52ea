//! What an operator can set. `config.default.toml` holds the defaults and says what each field
//! means.

use serde::Deserialize;
use souk_data::DataConfig;

/// The settings of the catalog service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The catalogue's database.
    pub data: DataConfig,
}
