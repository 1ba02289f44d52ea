//! Events a second, published in batches and delivered to two subscriptions, and how long one takes
//! from publisher to consumer: embedded, on Kafka and on RabbitMQ, beside plain clients of both
//! brokers that do the same work with the same payload.

mod bus;
mod check;
#[cfg(feature = "brokers")]
mod plain_kafka;
#[cfg(feature = "brokers")]
mod plain_rabbitmq;

use std::path::Path;
use std::time::{Duration, Instant};

#[cfg(feature = "brokers")]
use souk_testkit::{Kafka, RabbitMq};
use souk_tests::bench::{Comparison, Goals, Load, at_rate, print_environment};

use tokio::task::JoinSet;

use bus::Bus;
use check::{Published, Seen, batches};

/// Events of one request, and how many requests are in progress at once.
const BATCH: usize = 500;
const PUBLISHERS: usize = 4;

/// Bytes of payload of each event.
const PAYLOAD: usize = 200;

/// Ordering keys.
const KEYS: usize = 1000;

/// Partitions, or streams.
const PARTITIONS: u32 = 8;

/// Subscriptions, or consumers that each read everything.
const CONSUMERS: usize = 2;

/// The rate of arrival at which the time to deliver is measured.
const RATE: f64 = 1000.0;

/// What is measured: something that takes events and delivers each to every consumer.
trait Target: Clone + Send + Sync + 'static {
    /// Publishes a batch, durably, as one of [`PUBLISHERS`].
    fn publish(&self, publisher: usize, numbers: &[u64]) -> impl Future<Output = ()> + Send;

    fn consumers(&self) -> &[Seen];

    fn published(&self) -> &Published;

    /// Publishes this many events in batches and waits until each consumer has handled all of them.
    /// Returns how long it took.
    fn run(&self, count: usize) -> impl Future<Output = Duration> + Send {
        async move {
            let first = self.published().next(count);
            let start = Instant::now();
            let mut publishers = JoinSet::new();
            for publisher in 0..PUBLISHERS {
                let target = self.clone();
                publishers.spawn(async move {
                    for batch in batches(first, count, publisher, PUBLISHERS, BATCH) {
                        target.publish(publisher, &batch).await;
                    }
                });
            }
            publishers.join_all().await;
            for consumer in self.consumers() {
                consumer.reaches(first as usize + count).await;
            }
            start.elapsed()
        }
    }

    /// Publishes one event and waits until a consumer has it. It carries no order, so any publisher
    /// may send it.
    fn one(&self) -> impl Future<Output = bool> + Send {
        async move {
            let number = self.published().next_single();
            let came = self.consumers()[0].expect(number);
            self.publish(number as usize % PUBLISHERS, &[number]).await;
            came.await.is_ok()
        }
    }
}

#[derive(clap::Args)]
pub struct Options {
    /// Rounds that count, at least 5.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Events of each target, each round.
    #[arg(long, default_value_t = 40_000)]
    events: usize,
    /// Seconds of arrivals at a fixed rate, for each target.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Leaves the brokers out.
    #[arg(long)]
    embedded: bool,
}

/// Measures and returns whether the goals were met.
pub async fn run(options: &Options, folder: &Path) -> bool {
    print_environment("events", folder);
    println!(
        "{PAYLOAD} bytes of payload, {KEYS} keys, {PARTITIONS} partitions, batches of {BATCH}, {CONSUMERS} consumers of everything"
    );
    println!("embedded: SQLite, each acknowledged event synced to the disk (group commit)");
    let mut goals = Goals::default();
    let embedded = Bus::start(&folder.join("embedded"), &[]).await;
    #[cfg(feature = "brokers")]
    if !options.embedded {
        with_brokers(options, folder, &embedded, &mut goals).await;
        embedded.stop().await;
        return goals.finish();
    }
    let results = rate_of(
        Comparison::new("published in batches, delivered to two", "events/s"),
        "souk, embedded",
        &embedded,
        options,
    )
    .run(options.rounds)
    .await;
    goals.at_least("embedded, events/s", 20_000.0, results.median("souk, embedded"));
    latency("souk, embedded", &embedded, options, Some(&mut goals)).await;
    embedded.stop().await;
    goals.finish()
}

/// All targets in turn, with brokers that this starts.
#[cfg(feature = "brokers")]
async fn with_brokers(options: &Options, folder: &Path, embedded: &Bus, goals: &mut Goals) {
    println!(
        "brokers: one node each, acknowledged when all replicas (one) have it in the page cache; neither syncs to the disk"
    );
    let kafka = Kafka::start_to_measure().await;
    let rabbitmq = RabbitMq::start().await;
    let on_kafka = [
        ("engine.name", "kafka".to_owned()),
        ("engine.kafka.brokers", kafka.bootstrap()),
        ("engine.kafka.topic", "souk.bench".to_owned()),
    ];
    let on_rabbitmq = [
        ("engine.name", "rabbitmq".to_owned()),
        ("engine.rabbitmq.url", rabbitmq.url()),
        ("engine.rabbitmq.stream", "souk.bench".to_owned()),
    ];
    let on_kafka = Bus::start(&folder.join("kafka"), &on_kafka).await;
    let on_rabbitmq = Bus::start(&folder.join("rabbitmq"), &on_rabbitmq).await;
    let plain_kafka = plain_kafka::PlainKafka::start(&kafka.bootstrap()).await;
    let plain_rabbitmq = plain_rabbitmq::PlainRabbitMq::start(&rabbitmq.url()).await;

    let comparison = Comparison::new("published in batches, delivered to two", "events/s");
    let comparison = rate_of(comparison, "plain Kafka client", &plain_kafka, options);
    let comparison =
        rate_of(comparison, "plain RabbitMQ client, streams", &plain_rabbitmq, options);
    let comparison = rate_of(comparison, "souk, embedded", embedded, options);
    let comparison = rate_of(comparison, "souk on Kafka", &on_kafka, options);
    let comparison = rate_of(comparison, "souk on RabbitMQ", &on_rabbitmq, options);
    let results = comparison.run(options.rounds).await;
    let to_rabbitmq =
        |name: &str| results.median(name) / results.median("plain RabbitMQ client, streams");
    println!(
        "  to the plain RabbitMQ client: embedded {:.2}, on RabbitMQ {:.2}",
        to_rabbitmq("souk, embedded"),
        to_rabbitmq("souk on RabbitMQ")
    );
    goals.at_least("embedded, events/s", 20_000.0, results.median("souk, embedded"));

    latency("plain Kafka client", &plain_kafka, options, None).await;
    latency("plain RabbitMQ client, streams", &plain_rabbitmq, options, None).await;
    latency("souk, embedded", embedded, options, Some(goals)).await;
    latency("souk on Kafka", &on_kafka, options, None).await;
    latency("souk on RabbitMQ", &on_rabbitmq, options, None).await;
    on_kafka.stop().await;
    on_rabbitmq.stop().await;
}

fn rate_of<'a>(
    comparison: Comparison<'a>,
    name: &str,
    target: &'a impl Target,
    options: &Options,
) -> Comparison<'a> {
    let count = options.events;
    comparison
        .target(name, move || async move { count as f64 / target.run(count).await.as_secs_f64() })
}

/// Measures from the moment an event was due to be published until a consumer has it.
async fn latency(name: &str, target: &impl Target, options: &Options, goals: Option<&mut Goals>) {
    let arrive = |seconds: f64| {
        let target = target.clone();
        at_rate(RATE, Duration::from_secs_f64(seconds), move |_number| {
            let target = target.clone();
            async move { target.one().await }
        })
    };
    arrive(1.0).await;
    let Load { latencies, failed, .. } = arrive(options.seconds).await;
    println!(
        "{name}, {RATE} events/s one by one, publish to deliver: {}, {failed} failed",
        latencies.summary()
    );
    if let Some(goals) = goals {
        goals.at_most(
            "embedded, publish to deliver p99, ms",
            10.0,
            latencies.percentile(99.0).as_secs_f64() * 1e3,
        );
        goals.at_most("embedded, events that did not come", 0.0, failed as f64);
    }
}
