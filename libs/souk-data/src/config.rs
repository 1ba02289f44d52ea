//! What an operator can set about a database: the service's `[data]` section.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Tells which of the two engines holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file of this process.
    Sqlite,
    /// A server that several replicas share.
    Postgres,
}

/// Holds the settings of one service's database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// `sqlite:orders.db` (relative to the data directory, or an absolute path) or
    /// `postgres://user@host:port/database`.
    #[serde(deserialize_with = "of_known_engine")]
    pub url: String,
    /// The most connections held: readers on SQLite (one writer comes on top), all of them on
    /// PostgreSQL.
    #[serde(default = "default_max_connections")]
    pub max_connections: u32,
    /// Whether an acknowledged write must survive a power cut. `false` is for data that may be
    /// lost: SQLite then never waits for the disk, and a PostgreSQL with `fsync` or
    /// `synchronous_commit` off is accepted.
    #[serde(default = "default_durable")]
    pub durable: bool,
    /// The most writes that wait for the SQLite writer; further callers wait for a place.
    #[serde(default = "default_queue")]
    pub queue: usize,
    /// The most writes that share one SQLite commit.
    #[serde(default = "default_group")]
    pub group: usize,
    /// The longest time, in milliseconds, that a SQLite commit is held open for further writes that
    /// are already waiting.
    #[serde(default = "default_group_milliseconds")]
    pub group_milliseconds: u64,
    /// The largest size of a SQLite file in bytes, 0 for no limit. A write beyond it fails as on a
    /// full disk.
    #[serde(default)]
    pub max_bytes: u64,
    /// How long, in milliseconds, a write is tried again after losing a race on PostgreSQL, and how
    /// long it waits for a connection.
    #[serde(default = "default_retry_milliseconds")]
    pub retry_milliseconds: u64,
    /// How many days an event waits for the bus before it is deleted unpublished; with 0,
    /// the default, it is never deleted.
    #[serde(default)]
    pub outbox_days: u32,
    /// Seconds between two rounds of deleting idempotency records and events that have served their
    /// time, 1 to 86,400.
    #[serde(default = "default_purge_seconds", deserialize_with = "of_a_day_at_most")]
    pub purge_seconds: u32,
}

impl DataConfig {
    /// Returns the default settings for the database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        DataConfig {
            url: url.into(),
            max_connections: default_max_connections(),
            durable: default_durable(),
            queue: default_queue(),
            group: default_group(),
            group_milliseconds: default_group_milliseconds(),
            max_bytes: 0,
            retry_milliseconds: default_retry_milliseconds(),
            outbox_days: 0,
            purge_seconds: default_purge_seconds(),
        }
    }
}

/// Reads how often to delete.
fn of_a_day_at_most<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    if (1..=86_400).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(D::Error::custom("must be 1 to 86400"))
    }
}

/// Reads an address, so that one of no known engine is refused with the other settings, before
/// anything is opened.
fn of_known_engine<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    let schemes = ["sqlite:", "postgres://", "postgresql://"];
    match schemes.iter().any(|scheme| url.starts_with(scheme)) {
        true => Ok(url),
        false => {
            Err(D::Error::custom("the address of a database starts with sqlite: or postgres://"))
        }
    }
}

fn default_max_connections() -> u32 {
    10
}

fn default_durable() -> bool {
    true
}

fn default_queue() -> usize {
    1024
}

fn default_group() -> usize {
    256
}

fn default_group_milliseconds() -> u64 {
    5
}

fn default_purge_seconds() -> u32 {
    60
}

fn default_retry_milliseconds() -> u64 {
    5000
}
