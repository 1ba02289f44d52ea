//! The log under the bus: append, and read from a position, per partition. There are three engines;
//! the log knows nothing about deliveries.
//!
//! **Invariant:** every engine guarantees, and everything above relies on:
//! - an event with `Ok(offset)` is durable, and offsets of a partition grow in the order in which
//!   its events became durable;
//! - a reader sees every event of its partition once, in the order of offsets, and never one that
//!   an append may still lose;
//! - within one append, after an event that failed no later one of the same ordering key is added.

#[cfg(any(feature = "kafka", feature = "rabbitmq"))]
mod broker;
mod database;
#[cfg(feature = "kafka")]
mod kafka;
pub mod partition;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
mod refused;
mod tail;

use std::sync::Arc;

use souk_chassis::{Drain, StartError};
use souk_client::events::v1 as pb;
use souk_data::Db;
use souk_types::{Clock, Timestamp};

use crate::config::LogConfig;
use database::DatabaseLog;
#[cfg(feature = "kafka")]
use kafka::KafkaLog;
#[cfg(feature = "rabbitmq")]
use rabbitmq::RabbitMqLog;
pub use refused::Refused;

/// An event in the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its offset within the partition. It grows with every event, not always by one.
    pub offset: i64,
    /// When the log took it; never earlier than that of the entry before.
    pub publish_time: Timestamp,
    /// The event, shared by all who read it.
    pub event: Arc<pb::Event>,
    /// Its size, for everything that is bounded by bytes; see [`size_of`].
    pub bytes: usize,
}

/// What a partition holds: the offsets from `earliest` to before `next`. The two are equal when it
/// is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub earliest: i64,
    pub next: i64,
}

/// Why one event was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    not(any(feature = "kafka", feature = "rabbitmq")),
    allow(dead_code, reason = "a database adds all events of a call or none")
)]
pub enum AppendError {
    /// It is larger than the engine takes. It never will be taken.
    #[error("{what}: {bytes} bytes, but the log accepts at most {max}")]
    TooLarge { what: &'static str, bytes: usize, max: usize },
    /// It may be taken when it is sent again; it may also be in the log already.
    #[error("{0}")]
    Unavailable(String),
}

/// Why the log could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The broker cannot be reached or does not answer in time. It may later.
    #[error("the log cannot be reached: {0}")]
    Unavailable(String),
    /// The service's own database failed.
    #[error("database failed: {0}")]
    Database(#[from] souk_data::Error),
    /// What was read cannot be understood.
    #[error("the log holds an unreadable event: {0}")]
    Corrupt(String),
}

/// A log: one of the engines.
#[tonic::async_trait]
pub trait Log: Send + Sync {
    /// Returns how many partitions there are. It never changes while the process runs.
    fn partitions(&self) -> u32;

    /// Adds events, each to its partition, in their order; events of several callers may be added
    /// together. Returns a result for each: the offset of one that is durable, or why it is not
    /// there.
    ///
    /// It continues when the caller disconnects; the events may then be in the log or not.
    async fn append(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
    ) -> Result<Vec<Result<i64, AppendError>>, LogError>;

    /// Returns a reader of a partition that starts at `from`, or at the first event that is kept
    /// when that is later.
    fn reader(&self, partition: u32, from: i64) -> Box<dyn LogReader>;

    /// Returns what a partition holds.
    async fn bounds(&self, partition: u32) -> Result<Bounds, LogError>;

    /// Returns the offset of the first event that was taken at `time` or later; the next offset
    /// when there is none.
    async fn offset_at(&self, partition: u32, time: Timestamp) -> Result<i64, LogError>;

    /// Returns when the log took the first event at an offset or after it, where that is cheap to
    /// know.
    async fn publish_time(
        &self,
        partition: u32,
        offset: i64,
    ) -> Result<Option<Timestamp>, LogError>;

    /// Follows what other replicas add, until the process drains. An engine whose broker reports it
    /// has nothing to do.
    async fn follow(&self, drain: Drain) -> Result<(), LogError> {
        drain.started().await;
        Ok(())
    }

    /// Deletes expired events; an engine with its own retention does nothing. Returns how many
    /// events went.
    async fn purge(&self) -> Result<u64, LogError> {
        Ok(0)
    }

    /// Checks that the log answers.
    async fn ping(&self) -> Result<(), LogError>;
}

/// Reads one partition from a position on, without end.
#[tonic::async_trait]
pub trait LogReader: Send {
    /// Waits for the next events and returns at least one, at most `max_events` and about
    /// `max_bytes` (a larger one comes alone). Dropping the future loses nothing. After an error
    /// the reader may be asked again.
    async fn next(&mut self, max_events: usize, max_bytes: usize) -> Result<Vec<Entry>, LogError>;
}

/// Opens the log that the configuration names. `db` is the service's own database.
pub async fn open(config: &LogConfig, db: &Db, clock: &Clock) -> Result<Arc<dyn Log>, StartError> {
    match config.name.as_str() {
        "database" => Ok(Arc::new(DatabaseLog::open(config, db.clone(), clock.clone()).await?)),
        #[cfg(feature = "kafka")]
        "kafka" => Ok(Arc::new(KafkaLog::open(config).await?)),
        #[cfg(feature = "rabbitmq")]
        "rabbitmq" => Ok(Arc::new(RabbitMqLog::open(config, clock.clone()).await?)),
        other => {
            let allowed = format!(
                "must be one of {}, which this program was built with; `--features production` \
                 builds in rabbitmq and kafka",
                ENGINES.join(", ")
            );
            Err(StartError::configuration("events.engine.name", other, &allowed))
        }
    }
}

/// The names of the engines that are built in, for messages.
const ENGINES: &[&str] = &[
    "database",
    #[cfg(feature = "rabbitmq")]
    "rabbitmq",
    #[cfg(feature = "kafka")]
    "kafka",
];

/// Returns the time at which a broker says that it took a message, from its microseconds. A time
/// outside the calendar, which only a foreign producer can have written, counts as unknown: 1970.
#[cfg(any(feature = "kafka", feature = "rabbitmq"))]
fn publish_time_of(micros: i64) -> Timestamp {
    let time = prost_types::Timestamp::from(Timestamp::from_micros(micros));
    Timestamp::try_from(time).unwrap_or(Timestamp::from_micros(0))
}

/// Returns about how much memory and wire an event takes. It costs no encoding.
pub fn size_of(event: &pb::Event) -> usize {
    let extensions: usize =
        event.extensions.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let texts = [
        &event.id,
        &event.source,
        &event.r#type,
        &event.subject,
        &event.data_content_type,
        &event.data_schema,
        &event.ordering_key,
    ];
    texts.iter().map(|text| text.len() + 3).sum::<usize>() + extensions + event.data.len() + 20
}
