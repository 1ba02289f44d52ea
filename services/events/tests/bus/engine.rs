//! The engines: one broker of each kind serves all tests that do not kill theirs.

use std::sync::atomic::{AtomicU32, Ordering};

use souk_testkit::{Engine, Kafka, RabbitMq};
use souk_types::Clock;
use tokio::sync::OnceCell;

use crate::support::Events;

/// Writes each `async fn promise(bus: Bus) { … }` inside as three tests, one an engine.
macro_rules! on_each_bus {
    ($( $(#[$attribute:meta])* async fn $promise:ident($bus:ident: Bus) $body:block )+) => {$(
        mod $promise {
            #[allow(unused_imports)]
            use super::*;

            $(#[$attribute])*
            async fn promise($bus: crate::engine::Bus) $body

            #[test]
            fn database() {
                crate::engine::Bus::Database.run(promise);
            }

            #[test]
            fn kafka() {
                crate::engine::Bus::Kafka.run(promise);
            }

            #[test]
            fn rabbitmq() {
                crate::engine::Bus::RabbitMq.run(promise);
            }
        }
    )+};
}

/// Where the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    Database,
    Kafka,
    RabbitMq,
}

/// Settings of the events service, by their keys.
pub type Settings = Vec<(String, String)>;

static KAFKA: OnceCell<Kafka> = OnceCell::const_new();
static RABBITMQ: OnceCell<RabbitMq> = OnceCell::const_new();

/// Distinguishes the logs of this run's tests.
static LOGS: AtomicU32 = AtomicU32::new(0);

impl Bus {
    /// Runs a test where the engine's broker can be had.
    pub fn run<F: Future<Output = ()>>(self, test: impl FnOnce(Bus) -> F) {
        let is_available = match self {
            Bus::Database => true,
            Bus::Kafka => Kafka::is_available(),
            Bus::RabbitMq => RabbitMq::is_available(),
        };
        if is_available {
            souk_testkit::run(test(self));
        }
    }

    /// Returns the settings of a log of its own, on the broker that tests share.
    pub async fn log(self) -> Settings {
        match self {
            Bus::Database => Settings::new(),
            Bus::Kafka => on_kafka(KAFKA.get_or_init(Kafka::start).await),
            Bus::RabbitMq => on_rabbitmq(RABBITMQ.get_or_init(RabbitMq::start).await),
        }
    }

    /// Starts a service with a log of its own.
    pub async fn start(self) -> Events {
        start_with(Engine::Sqlite, &self.log().await).await
    }
}

/// Starts a service with these settings.
pub async fn start_with(database: Engine, settings: &Settings) -> Events {
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    Events::start_on(database, Clock::system(), &settings).await
}

/// Returns the settings of a new log on this broker.
pub fn on_kafka(kafka: &Kafka) -> Settings {
    settings(&[
        ("engine.name", "kafka"),
        ("engine.kafka.brokers", &kafka.bootstrap()),
        ("engine.kafka.topic", &new_name()),
    ])
}

/// Returns the settings of a new log on this broker.
pub fn on_rabbitmq(rabbitmq: &RabbitMq) -> Settings {
    settings(&[
        ("engine.name", "rabbitmq"),
        ("engine.rabbitmq.url", &rabbitmq.url()),
        ("engine.rabbitmq.stream", &new_name()),
    ])
}

/// Returns the value of a setting.
pub fn value<'a>(settings: &'a Settings, key: &str) -> &'a str {
    &settings.iter().find(|(found, _)| found == key).expect("it is set").1
}

fn new_name() -> String {
    format!("souk.test.{}", LOGS.fetch_add(1, Ordering::Relaxed))
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
