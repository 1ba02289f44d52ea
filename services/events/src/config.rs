//! The settings. `config.default.toml` has the defaults and documents each field.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use souk_chassis::StartError;
use souk_data::DataConfig;

/// The settings of the events service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database of the service.
    pub data: DataConfig,
    /// What keeps the events.
    pub engine: LogConfig,
    /// How events are delivered.
    pub delivery: DeliveryConfig,
    /// How expired events are deleted.
    pub retention: RetentionConfig,
}

/// What keeps the events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Which one.
    pub name: String,
    /// How many partitions the log has.
    pub partitions: u32,
    /// Days that events are kept.
    pub retention_days: u64,
    /// Bytes of the latest events that are kept in memory.
    pub tail_bytes: usize,
    /// The engine "kafka".
    #[cfg_attr(
        not(feature = "kafka"),
        allow(dead_code, reason = "read where the engine is built in")
    )]
    pub kafka: KafkaConfig,
    /// The engine "rabbitmq".
    #[cfg_attr(
        not(feature = "rabbitmq"),
        allow(dead_code, reason = "read where the engine is built in")
    )]
    pub rabbitmq: RabbitMqConfig,
}

/// The engine "kafka".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "read where the engine is built in"))]
pub struct KafkaConfig {
    /// Where to find the brokers.
    pub brokers: String,
    /// The topic.
    pub topic: String,
}

/// The engine "rabbitmq".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    not(feature = "rabbitmq"),
    allow(dead_code, reason = "read where the engine is built in")
)]
pub struct RabbitMqConfig {
    /// Where to find the broker. It may hold a password.
    pub url: String,
    /// What the names of the streams begin with.
    pub stream: String,
}

/// How events are delivered.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryConfig {
    /// The most events of a partition that a subscription holds in memory.
    pub window_events: usize,
    /// The same in bytes.
    pub window_bytes: usize,
    /// Milliseconds in which acknowledgements are gathered.
    pub progress_milliseconds: u64,
    /// Milliseconds for which a partition is leased to a replica.
    pub lease_milliseconds: u64,
}

/// How expired events are deleted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Seconds between two sweeps.
    pub sweep_seconds: u64,
}

impl Config {
    /// Refuses values that cannot work, each with its key and what is allowed.
    pub fn check(&self) -> Result<(), StartError> {
        let limits: [(&str, u64, RangeInclusive<u64>); 8] = [
            ("events.engine.partitions", u64::from(self.engine.partitions), 1..=1024),
            ("events.engine.retention_days", self.engine.retention_days, 1..=36_500),
            ("events.engine.tail_bytes", self.engine.tail_bytes as u64, 1 << 20..=4 << 30),
            ("events.delivery.window_events", self.delivery.window_events as u64, 100..=100_000),
            ("events.delivery.window_bytes", self.delivery.window_bytes as u64, 1 << 20..=1 << 30),
            (
                "events.delivery.progress_milliseconds",
                self.delivery.progress_milliseconds,
                1..=10_000,
            ),
            (
                "events.delivery.lease_milliseconds",
                self.delivery.lease_milliseconds,
                1000..=600_000,
            ),
            ("events.retention.sweep_seconds", self.retention.sweep_seconds, 1..=86_400),
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

impl LogConfig {
    /// Returns how long events are kept.
    pub fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_days * 24 * 60 * 60)
    }
}

impl DeliveryConfig {
    /// Returns how long acknowledgements are gathered before they are written.
    pub fn progress(&self) -> Duration {
        Duration::from_millis(self.progress_milliseconds)
    }

    /// Returns for how long a partition is leased to a replica.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_milliseconds)
    }
}

impl RetentionConfig {
    /// Returns how long to wait between two sweeps.
    pub fn sweep(&self) -> Duration {
        Duration::from_secs(self.sweep_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_cannot_work_is_named_with_what_is_allowed() {
        let config: Config = toml::from_str(include_str!("../config.default.toml")).unwrap();
        config.check().unwrap_or_else(|error| panic!("{error}"));
        let mut wrong = config.clone();
        wrong.engine.partitions = 0;
        let error = wrong.check().unwrap_err();
        assert_eq!(error.to_string(), "events.engine.partitions = \"0\": must be 1 to 1024");
        assert!(error.is_configuration());
    }
}
