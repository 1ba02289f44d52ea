//! The log on Kafka: one topic, whose partitions are those of the log.
//!
//! **Invariant:** an event counts as added when all in-sync replicas have it (acks=all), and the
//! producer is idempotent, so what librdkafka sends again after a lost response neither doubles nor
//! changes the order.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use parking_lot::Mutex;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer, PurgeConfig};
use rdkafka::{Offset, TopicPartitionList};
use souk_chassis::StartError;
use souk_client::events::v1 as pb;
use souk_types::Timestamp;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::warn;

use super::broker::{self, APPEND_LIMIT, ASK_LIMIT, Broker, BrokerReader, START_LIMIT, Source};
use super::refused::Refused;
use super::tail::Tail;
use super::{AppendError, Bounds, Entry, Log, LogError, LogReader, publish_time_of, size_of};
use crate::cloudevents::{self, Binding};
use crate::config::LogConfig;

/// The largest message that the log asks its broker to take: an event has at most 2 MiB of payload
/// and some attributes.
const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// How many events the follower of the tail hands on at once.
const TAIL_EVENTS: usize = 500;

/// KiB that librdkafka fetches ahead: for the tail, and for each reader that is behind it.
const TAIL_AHEAD_KIB: &str = "16384";
const SOURCE_AHEAD_KIB: &str = "2048";

/// The log.
pub struct KafkaLog(Arc<Inner>);

struct Inner {
    config: ClientConfig,
    topic: String,
    partitions: u32,
    tail: Tail,
    /// The producer of now; see [`Inner::give_up`].
    producer: Mutex<FutureProducer>,
    /// Answers questions about the topic.
    asking: Arc<BaseConsumer>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

impl KafkaLog {
    /// Opens the log: makes the topic when it is not there, and starts to follow it.
    pub async fn open(config: &LogConfig) -> Result<Self, StartError> {
        if config.kafka.brokers.is_empty() {
            return Err(StartError::configuration(
                "events.engine.kafka.brokers",
                "",
                "must name a broker: HOST:PORT",
            ));
        }
        let topic = config.kafka.topic.clone();
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &config.kafka.brokers)
            .set("client.id", "souk-events")
            // After an outage of ten minutes librdkafka would otherwise wait for ten seconds before
            // it tries again.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", "30000")
            // What it cannot do it says at once in our own words; its own log repeats every attempt
            // to connect.
            .set_log_level(RDKafkaLogLevel::Critical);
        let partitions = config.partitions;
        make_topic(&client, &topic, config).await?;

        let asking: BaseConsumer = consumer_config(&client, SOURCE_AHEAD_KIB).create()?;
        let asking = Arc::new(asking);
        let mut next = Vec::new();
        for partition in 0..partitions {
            next.push(first_ends(&asking, &topic, partition).await?.next);
        }
        let log = Arc::new(Inner {
            producer: Mutex::new(producer(&client)?),
            tail: Tail::new(&next, config.tail_bytes),
            config: client,
            topic,
            partitions,
            asking,
            follower: Mutex::default(),
        });
        // It holds no strong reference, so that it ends with the log.
        let weak = Arc::downgrade(&log);
        let consumer = log.consumer(
            &next.iter().copied().zip(0..).map(|(at, number)| (number, at)).collect::<Vec<_>>(),
        )?;
        let follower = tokio::spawn(async move {
            let consumer = DetachedConsumer(Some(consumer));
            loop {
                let entries = read(&consumer, TAIL_EVENTS, usize::MAX, |_| ()).await;
                let Some(log) = weak.upgrade() else { return };
                log.show(entries);
            }
        });
        *log.follower.lock() = Some(follower);
        Ok(KafkaLog(log))
    }
}

#[tonic::async_trait]
impl Log for KafkaLog {
    fn partitions(&self) -> u32 {
        self.0.partitions
    }

    async fn append(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
    ) -> Result<Vec<Result<i64, AppendError>>, LogError> {
        let producer = self.0.producer.lock().clone();
        let mut refused = Refused::default();
        // All are handed over before the first response is waited for: librdkafka sends them in
        // this order, as few requests.
        let sent: Vec<_> = events
            .iter()
            .map(|(partition, event)| {
                refused.check(&event.ordering_key)?;
                let outcome = self.0.send(&producer, *partition, event);
                outcome.inspect_err(|_| refused.add(&event.ordering_key))
            })
            .collect();
        let answers = join_all(sent.into_iter().map(|sent| async {
            let answer = sent?
                .await
                .map_err(|_| AppendError::Unavailable("the producer was closed".into()))?;
            match answer {
                // The broker knew the event from an earlier attempt, so long ago that it does not
                // know where.
                Ok(delivery) if delivery.offset < 0 => {
                    Err(AppendError::Unavailable("its position is not known".into()))
                }
                Ok(delivery) => Ok(delivery.offset),
                Err((error, _)) => Err(AppendError::Unavailable(error.to_string())),
            }
        }));
        tokio::pin!(answers);
        match tokio::time::timeout(APPEND_LIMIT, &mut answers).await {
            Ok(answers) => Ok(answers),
            Err(_) => {
                self.0.give_up(&producer);
                Ok(answers.await)
            }
        }
    }

    fn reader(&self, partition: u32, from: i64) -> Box<dyn LogReader> {
        Box::new(BrokerReader::new(self.0.clone(), partition, from))
    }

    async fn bounds(&self, partition: u32) -> Result<Bounds, LogError> {
        Ok(ends(&self.0.asking, &self.0.topic, partition).await?)
    }

    // Kafka knows times by the millisecond.
    async fn offset_at(&self, partition: u32, time: Timestamp) -> Result<i64, LogError> {
        let asking = self.0.asking.clone();
        let topic = self.0.topic.clone();
        // Rounded up: an event of the same millisecond came before.
        let millis = (time.as_micros().max(0) + 999) / 1000;
        let asked = spawn_blocking(move || {
            let mut times = TopicPartitionList::new();
            times.add_partition_offset(&topic, partition as i32, Offset::Offset(millis))?;
            let found = asking.offsets_for_times(times, ASK_LIMIT)?;
            match found.elements().first().map(|element| (element.offset(), element.error())) {
                Some((Offset::Offset(offset), _)) => Ok(Some(offset)),
                Some((_, Err(error))) => Err(error),
                // Nothing is so young.
                _ => Ok(None),
            }
        });
        match asked.await.expect("asking does not panic")? {
            Some(offset) => Ok(offset),
            None => Ok(self.bounds(partition).await?.next),
        }
    }

    // Only what is in memory is cheap here.
    async fn publish_time(
        &self,
        partition: u32,
        offset: i64,
    ) -> Result<Option<Timestamp>, LogError> {
        Ok(self.0.tail.read(partition, offset, 1, 1).first().map(|entry| entry.publish_time))
    }

    async fn ping(&self) -> Result<(), LogError> {
        ends(&self.0.asking, &self.0.topic, 0).await?;
        Ok(())
    }
}

impl Inner {
    fn send(
        &self,
        producer: &FutureProducer,
        partition: u32,
        event: &pb::Event,
    ) -> Result<rdkafka::producer::DeliveryFuture, AppendError> {
        let record = FutureRecord::to(&self.topic)
            .partition(partition as i32)
            .payload(&event.data[..])
            .headers(headers_of(event));
        let key = event.ordering_key.as_bytes();
        let record = if key.is_empty() { record } else { record.key(key) };
        producer.send_result(record).map_err(|(error, _)| match error {
            KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge) => {
                AppendError::TooLarge {
                    what: "the event",
                    bytes: size_of(event),
                    max: MAX_MESSAGE_BYTES,
                }
            }
            error => AppendError::Unavailable(error.to_string()),
        })
    }

    /// Gives up a producer whose broker does not answer: all that it has not delivered fails now,
    /// and later events go through a new one.
    ///
    /// A time limit on each message would be less: librdkafka looks which ones are over at
    /// intervals, fails the first events of a key and may still deliver the next.
    fn give_up(&self, given_up: &FutureProducer) {
        let mut producer = self.producer.lock();
        if producer.client().native_ptr() == given_up.client().native_ptr() {
            match crate::log::kafka::producer(&self.config) {
                Ok(new) => *producer = new,
                Err(error) => warn!("cannot create a new Kafka producer: {error}"),
            }
        }
        drop(producer);
        given_up.purge(PurgeConfig::default().queue().inflight());
    }

    /// Returns a consumer of the partitions, each from its offset. Offsets are never committed to
    /// the broker.
    fn consumer(&self, from: &[(i32, i64)]) -> Result<StreamConsumer, KafkaError> {
        let ahead = if from.len() > 1 { TAIL_AHEAD_KIB } else { SOURCE_AHEAD_KIB };
        let consumer: StreamConsumer = consumer_config(&self.config, ahead).create()?;
        let mut assignment = TopicPartitionList::new();
        for (partition, offset) in from {
            assignment.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))?;
        }
        consumer.assign(&assignment)?;
        Ok(consumer)
    }

    /// Puts events where readers find them.
    fn show(&self, entries: Vec<(u32, Entry)>) {
        let mut by_partition: Vec<Vec<Entry>> = vec![Vec::new(); self.partitions as usize];
        for (partition, entry) in entries {
            by_partition[partition as usize].push(entry);
        }
        for (partition, entries) in (0..).zip(by_partition) {
            if !entries.is_empty() {
                self.tail.push(partition, entries);
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.lock().take() {
            follower.abort();
        }
    }
}

impl Broker for Inner {
    type Source = KafkaSource;

    fn tail(&self) -> &Tail {
        &self.tail
    }

    fn source(&self, partition: u32, from: i64) -> KafkaSource {
        // A consumer is made here and connects in the background; that it cannot be made is a
        // matter of memory.
        let consumer =
            self.consumer(&[(partition as i32, from)]).map_err(|error| error.to_string());
        KafkaSource {
            consumer: consumer.map(|consumer| DetachedConsumer(Some(consumer))),
            held_back: None,
        }
    }
}

/// Reads one partition from the broker. librdkafka reconnects by itself and continues where it was.
struct KafkaSource {
    consumer: Result<DetachedConsumer, String>,
    /// What was read and did not fit the last response.
    held_back: Option<Entry>,
}

impl Source for KafkaSource {
    async fn next(&mut self, max_events: usize, max_bytes: usize) -> Result<Vec<Entry>, LogError> {
        let consumer =
            self.consumer.as_ref().map_err(|error| LogError::Unavailable(error.clone()))?;
        if let Some(entry) = self.held_back.take() {
            return Ok(vec![entry]);
        }
        let held_back = &mut self.held_back;
        let entries = read(consumer, max_events, max_bytes, |entry| *held_back = Some(entry)).await;
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}

/// A consumer that is closed in the background: closing waits for its threads.
struct DetachedConsumer(Option<StreamConsumer>);

impl DetachedConsumer {
    fn get(&self) -> &StreamConsumer {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for DetachedConsumer {
    fn drop(&mut self) {
        let consumer = self.0.take();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(consumer))),
            Err(_) => drop(consumer),
        }
    }
}

/// Waits for one event and takes those that are there already. One that does not fit any more goes
/// to `hold_back`.
async fn read(
    consumer: &DetachedConsumer,
    max_events: usize,
    max_bytes: usize,
    hold_back: impl FnOnce(Entry),
) -> Vec<(u32, Entry)> {
    let mut entries: Vec<(u32, Entry)> = Vec::new();
    let mut bytes = 0;
    while entries.len() < max_events {
        let received = if entries.is_empty() {
            consumer.get().recv().await
        } else {
            match consumer.get().recv().now_or_never() {
                Some(received) => received,
                None => break,
            }
        };
        let message = match received {
            Ok(message) => message,
            Err(_) if !entries.is_empty() => break,
            // It says that the broker is away, as often as it has tried to connect: dozens of
            // errors wait in front of the first event after an outage. To wait after each would
            // make the outage longer.
            Err(_) => continue,
        };
        let partition = message.partition() as u32;
        let Some(entry) = entry_of(&message) else { continue };
        bytes += entry.bytes;
        if bytes > max_bytes && !entries.is_empty() {
            hold_back(entry);
            break;
        }
        entries.push((partition, entry));
    }
    entries
}

/// Reads an event. What a foreign producer wrote and is none is skipped, with a line in the log.
fn entry_of(message: &BorrowedMessage<'_>) -> Option<Entry> {
    let headers = message.headers();
    let headers = headers.iter().flat_map(|headers| headers.iter());
    let headers: Vec<_> = headers.filter_map(|header| Some((header.key, header.value?))).collect();
    let content_type = headers.iter().find(|(name, _)| *name == "content-type");
    let content_type = content_type.and_then(|(_, value)| std::str::from_utf8(value).ok());
    let data = Bytes::copy_from_slice(message.payload().unwrap_or_default());
    match cloudevents::from_headers(headers.iter().copied(), content_type, data, Binding::Kafka) {
        Ok(event) => Some(Entry {
            offset: message.offset(),
            publish_time: publish_time_of(
                message.timestamp().to_millis().unwrap_or(0).saturating_mul(1000),
            ),
            bytes: size_of(&event),
            event: Arc::new(event),
        }),
        Err(reason) => {
            let topic = message.topic();
            let partition = message.partition();
            let offset = message.offset();
            warn!("skipped a message of {topic}, partition {partition}, offset {offset}: {reason}");
            None
        }
    }
}

fn headers_of(event: &pb::Event) -> OwnedHeaders {
    let headers = cloudevents::to_headers(event, Binding::Kafka);
    let content_type =
        Header { key: "content-type", value: Some(cloudevents::content_type(event)) };
    headers.iter().fold(
        OwnedHeaders::new_with_capacity(headers.len() + 1).insert(content_type),
        |all, (name, value)| all.insert(Header { key: name, value: Some(value) }),
    )
}

fn producer(client: &ClientConfig) -> Result<FutureProducer, KafkaError> {
    client
        .clone()
        .set("acks", "all")
        .set("enable.idempotence", "true")
        // 0: no limit. `give_up` ends all at once instead.
        .set("message.timeout.ms", "0")
        .set("message.max.bytes", MAX_MESSAGE_BYTES.to_string())
        // The events of one append are handed over together; there is nothing to wait for.
        .set("linger.ms", "0.5")
        .set("queue.buffering.max.kbytes", "131072")
        .create()
}

fn consumer_config(client: &ClientConfig, ahead_kib: &str) -> ClientConfig {
    let mut config = client.clone();
    config
        // librdkafka wants a group even where partitions are assigned by hand; nothing is ever
        // committed to it.
        .set("group.id", "souk-events")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // What was purged is skipped: on from the first event that is kept.
        .set("auto.offset.reset", "earliest")
        .set("fetch.error.backoff.ms", "100")
        .set("fetch.wait.max.ms", "500")
        .set("fetch.message.max.bytes", MAX_MESSAGE_BYTES.to_string())
        .set("queued.max.messages.kbytes", ahead_kib);
    config
}

/// Asks what a partition holds.
async fn ends(
    asking: &Arc<BaseConsumer>,
    topic: &str,
    partition: u32,
) -> Result<Bounds, KafkaError> {
    let asking = asking.clone();
    let topic = topic.to_owned();
    let asked =
        spawn_blocking(move || asking.fetch_watermarks(&topic, partition as i32, ASK_LIMIT));
    let (earliest, next) = asked.await.expect("asking does not panic")?;
    Ok(Bounds { earliest, next })
}

/// The same when the service starts: a topic that was just made has no leaders for a moment.
async fn first_ends(
    asking: &Arc<BaseConsumer>,
    topic: &str,
    partition: u32,
) -> Result<Bounds, KafkaError> {
    let start = tokio::time::Instant::now();
    let mut backoff = broker::backoff();
    loop {
        match ends(asking, topic, partition).await {
            Err(_) if start.elapsed() < START_LIMIT => {
                tokio::time::sleep(backoff.next_pause()).await
            }
            ends => return ends,
        }
    }
}

/// Makes the topic when it is not there, and waits for a broker that is not there yet.
async fn make_topic(
    client: &ClientConfig,
    topic: &str,
    config: &LogConfig,
) -> Result<(), StartError> {
    let admin: AdminClient<DefaultClientContext> = client.create()?;
    let retention = config.retention().as_millis().to_string();
    let max_bytes = MAX_MESSAGE_BYTES.to_string();
    // -1: as many replicas as the brokers make by default.
    let new = NewTopic::new(topic, config.partitions as i32, TopicReplication::Fixed(-1))
        .set("max.message.bytes", &max_bytes)
        .set("retention.ms", &retention)
        .set("cleanup.policy", "delete")
        // The time at which the broker took an event, so that times grow within a partition
        // whatever the clocks of publishers say.
        .set("message.timestamp.type", "LogAppendTime");
    let start = tokio::time::Instant::now();
    let mut backoff = broker::backoff();
    loop {
        let options =
            AdminOptions::new().request_timeout(Some(ASK_LIMIT)).operation_timeout(Some(ASK_LIMIT));
        let made = match admin.create_topics([&new], &options).await {
            Ok(made) => {
                made.into_iter().next().unwrap_or(Ok(String::new())).map_err(|(_, code)| code)
            }
            Err(error) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)),
        };
        match made {
            Ok(_) | Err(RDKafkaErrorCode::TopicAlreadyExists) => break,
            Err(code) if start.elapsed() > START_LIMIT => {
                let brokers = &config.kafka.brokers;
                return Err(StartError::new(format!(
                    "cannot create the topic {topic} at {brokers}: {code}"
                )));
            }
            Err(code) => {
                warn!("Kafka is not ready, retrying: {code}");
                tokio::time::sleep(backoff.next_pause()).await;
            }
        }
    }
    // Another count of partitions would send a key elsewhere than its earlier events. A new topic
    // is known a little later.
    let admin = Arc::new(admin);
    loop {
        let asking = admin.clone();
        let name = topic.to_owned();
        let asked = spawn_blocking(move || asking.inner().fetch_metadata(Some(&name), ASK_LIMIT));
        let count = match asked.await.expect("asking does not panic") {
            Ok(metadata) => metadata.topics().first().map_or(0, |topic| topic.partitions().len()),
            Err(_) => 0,
        };
        match count {
            0 if start.elapsed() < START_LIMIT => tokio::time::sleep(backoff.next_pause()).await,
            count if count == config.partitions as usize => return Ok(()),
            count => {
                let allowed =
                    format!("must be {count}, the number of partitions of the topic {topic}");
                return Err(StartError::configuration(
                    "events.engine.partitions",
                    &config.partitions.to_string(),
                    &allowed,
                ));
            }
        }
    }
}

impl From<KafkaError> for LogError {
    fn from(error: KafkaError) -> Self {
        LogError::Unavailable(error.to_string())
    }
}
