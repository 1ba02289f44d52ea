//! The log on RabbitMQ: a stream for each partition, written and read over AMQP 0.9.1.
//!
//! Streams do not report the offset of a published event: a publisher's confirm only says that it
//! is stored. So each event carries a mark (the property correlation-id), and its offset is known
//! when the follower of the tail reads it.
//!
//! **Invariant:** an event counts as added when it was confirmed and has been read back, which the
//! broker allows only for what a majority of the stream's replicas has.

mod link;
mod message;
mod source;

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, PublisherConfirm};
use parking_lot::Mutex;
use souk_chassis::StartError;
use souk_client::events::v1 as pb;
use souk_types::{Clock, Timestamp};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::warn;

use super::broker::{self, APPEND_LIMIT, ASK_LIMIT, Broker, BrokerReader, START_LIMIT};
use super::refused::Refused;
use super::tail::Tail;
use super::{AppendError, Bounds, Entry, Log, LogError, LogReader};
use crate::config::LogConfig;
use link::Link;
use source::{Follower, RabbitMqSource};

/// The most KiB of events that wait for the broker. Further publishers wait for capacity.
const WAITING_KIB: u32 = 64 << 10;

/// For how long the first offset that is kept counts as known; it changes when the broker drops a
/// segment.
const EARLIEST_KNOWN: Duration = Duration::from_secs(10);

/// The log.
pub struct RabbitMqLog(Arc<Inner>);

struct Inner {
    clock: Clock,
    partitions: u32,
    tail: Tail,
    streams: Streams,
    /// Publishing has a connection of its own: a broker that is short of memory or disk stops those
    /// that publish.
    publishing: Link,
    reading: Arc<Link>,
    publisher: AsyncMutex<Option<Arc<Publisher>>>,
    capacity: Arc<Semaphore>,
    /// Distinguishes this process's events from those of others, and from each other.
    mark: String,
    marked: AtomicU64,
    /// Who waits for the offset of an event, by its mark.
    expected: Mutex<HashMap<u64, oneshot::Sender<i64>>>,
    earliest: Mutex<HashMap<u32, (Instant, i64)>>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

/// The names of the streams.
#[derive(Clone)]
struct Streams(String);

impl Streams {
    fn name(&self, partition: u32) -> String {
        format!("{}.{partition}", self.0)
    }
}

/// A channel that confirms what was published.
struct Publisher {
    channel: Channel,
    /// lapin numbers a message first and queues it afterwards; two callers in between would get
    /// each other's confirm.
    sending: Mutex<()>,
    /// The partitions that have taken an event over this connection; see [`Inner::append`].
    proven: Mutex<BTreeSet<u32>>,
}

/// An event that can be handed to the broker.
struct OutgoingMessage {
    /// Its number among the events of its append.
    index: usize,
    partition: u32,
    event: Arc<pb::Event>,
    mark: u64,
    properties: BasicProperties,
}

/// An event that was handed to the broker.
struct PendingConfirm {
    index: usize,
    partition: u32,
    mark: u64,
    confirm: Confirm,
    offset: oneshot::Receiver<i64>,
}

type Confirm = Pin<Box<dyn Future<Output = lapin::Result<PublisherConfirm>> + Send>>;

impl RabbitMqLog {
    /// Opens the log: makes the streams that are missing, and starts to follow them.
    pub async fn open(config: &LogConfig, clock: Clock) -> Result<Self, StartError> {
        let uri = link::uri(&config.rabbitmq.url)?;
        let reading = Arc::new(Link::new(uri.clone(), "souk events: reading"));
        let streams = Streams(config.rabbitmq.stream.clone());
        make_streams(&reading, &streams, config).await?;
        let mut next = Vec::new();
        for partition in 0..config.partitions {
            next.push(bounds(&reading, &streams, partition, None).await?.next);
        }
        let log = Arc::new(Inner {
            clock,
            partitions: config.partitions,
            tail: Tail::new(&next, config.tail_bytes),
            streams: streams.clone(),
            publishing: Link::new(uri, "souk events: publishing"),
            reading: reading.clone(),
            publisher: AsyncMutex::default(),
            capacity: Arc::new(Semaphore::new(WAITING_KIB as usize)),
            mark: format!("{:016x}", rand::random::<u64>()),
            marked: AtomicU64::new(0),
            expected: Mutex::default(),
            earliest: Mutex::default(),
            follower: Mutex::default(),
        });
        // It holds no strong reference, so that it ends with the log.
        let weak = Arc::downgrade(&log);
        let follower = tokio::spawn(async move {
            let mut follower = Follower::new(reading, streams, next);
            loop {
                let batch = follower.next().await;
                let Some(log) = weak.upgrade() else { return };
                log.show(batch);
            }
        });
        *log.follower.lock() = Some(follower);
        Ok(RabbitMqLog(log))
    }
}

#[tonic::async_trait]
impl Log for RabbitMqLog {
    fn partitions(&self) -> u32 {
        self.0.partitions
    }

    async fn append(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
    ) -> Result<Vec<Result<i64, AppendError>>, LogError> {
        let bytes: usize = events.iter().map(|(_, event)| super::size_of(event)).sum();
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(WAITING_KIB).clamp(1, WAITING_KIB);
        let permit =
            self.0.capacity.clone().acquire_many_owned(kib).await.expect("it is never closed");
        let inner = self.0.clone();
        // In its own task, so that it continues when the caller disconnects.
        let appended = tokio::spawn(async move {
            let appended = inner.append(events).await;
            drop(permit);
            appended
        });
        appended.await.map_err(|_| LogError::Unavailable("the program is stopping".into()))?
    }

    fn reader(&self, partition: u32, from: i64) -> Box<dyn LogReader> {
        Box::new(BrokerReader::new(self.0.clone(), partition, from))
    }

    async fn bounds(&self, partition: u32) -> Result<Bounds, LogError> {
        let known = self.0.earliest.lock().get(&partition).copied();
        let known =
            known.filter(|(at, _)| at.elapsed() < EARLIEST_KNOWN).map(|(_, earliest)| earliest);
        let mut bounds = bounds(&self.0.reading, &self.0.streams, partition, known).await?;
        // The broker reports how many there are, not where they end; a segment may have been
        // dropped since the first was read.
        bounds.next = bounds.next.max(*self.0.tail.watch(partition).borrow());
        if known.is_none() && bounds.earliest < bounds.next {
            self.0.earliest.lock().insert(partition, (Instant::now(), bounds.earliest));
        }
        Ok(bounds)
    }

    // RabbitMQ can start at a time, but only by the second, at the start of a chunk, and over AMQP
    // it does not report these times. Halving by the times that we wrote ourselves finds the very
    // event in some twenty reads.
    async fn offset_at(&self, partition: u32, time: Timestamp) -> Result<i64, LogError> {
        let Bounds { earliest, next } = self.bounds(partition).await?;
        let mut low = earliest;
        let mut high = next;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry =
                source::read_one(&self.0.reading, &self.0.streams, partition, middle).await?;
            // The event that was found may be behind the middle, where messages that are not events
            // were skipped.
            if entry.publish_time >= time {
                high = middle;
            } else {
                low = entry.offset.max(middle) + 1;
            }
        }
        Ok(low)
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
        self.0.reading.connected().await
    }
}

impl Inner {
    /// Adds events.
    ///
    /// The first event of each partition goes alone when the connection is new: a broker that has
    /// just started does not know its streams for a moment, and would drop the first events of a
    /// key and take the next. Once a stream has taken an event, the broker keeps what it cannot
    /// write at once, in order.
    async fn append(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
    ) -> Result<Vec<Result<i64, AppendError>>, LogError> {
        let until = Instant::now() + APPEND_LIMIT;
        let publisher = match tokio::time::timeout_at(until, self.publisher()).await {
            Ok(publisher) => publisher?,
            Err(_) => return Err(LogError::Unavailable("RabbitMQ does not respond".into())),
        };
        let mut outcomes =
            vec![
                Err(AppendError::Unavailable("the stream did not accept an earlier event".into()));
                events.len()
            ];
        let mut first = Vec::new();
        let mut rest = Vec::new();
        let mut unproven = BTreeSet::new();
        for prepared in self.prepare(events, &mut outcomes) {
            let is_proven = publisher.proven.lock().contains(&prepared.partition);
            let is_first = !is_proven && unproven.insert(prepared.partition);
            if is_first { first.push(prepared) } else { rest.push(prepared) }
        }
        let tried: Vec<(usize, u32)> =
            first.iter().map(|prepared| (prepared.index, prepared.partition)).collect();
        self.add(&publisher, first, until, &mut outcomes).await;
        for (index, partition) in tried {
            if outcomes[index].is_err() {
                rest.retain(|prepared| prepared.partition != partition);
            }
        }
        self.add(&publisher, rest, until, &mut outcomes).await;
        if outcomes.iter().any(|outcome| matches!(outcome, Err(AppendError::Unavailable(_)))) {
            self.give_up(&publisher).await;
        }
        Ok(outcomes)
    }

    /// Makes messages of events. Those that cannot be sent get their outcome.
    fn prepare(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
        outcomes: &mut [Result<i64, AppendError>],
    ) -> Vec<OutgoingMessage> {
        let mut refused = Refused::default();
        let now = self.clock.now();
        let mut prepared = Vec::with_capacity(events.len());
        for (index, (partition, event)) in events.into_iter().enumerate() {
            let mark = self.marked.fetch_add(1, Ordering::Relaxed);
            let properties = refused.check(&event.ordering_key);
            let properties = properties
                .and_then(|()| message::properties(&event, now, format!("{}-{mark}", self.mark)));
            match properties {
                Ok(properties) => {
                    prepared.push(OutgoingMessage { index, partition, event, mark, properties })
                }
                Err(error) => {
                    refused.add(&event.ordering_key);
                    outcomes[index] = Err(error);
                }
            }
        }
        prepared
    }

    /// Sends events, in their order, and waits until each is added or is not.
    async fn add(
        &self,
        publisher: &Publisher,
        events: Vec<OutgoingMessage>,
        until: Instant,
        outcomes: &mut [Result<i64, AppendError>],
    ) {
        let sent = self.send(publisher, events);
        let answers = sent.into_iter().map(
            |PendingConfirm { index, partition, mark, confirm, offset }| async move {
                let outcome = tokio::time::timeout_at(until, added(confirm, offset)).await;
                let outcome = outcome.unwrap_or_else(|_| Err("RabbitMQ does not respond".into()));
                match &outcome {
                    Ok(_) => drop(publisher.proven.lock().insert(partition)),
                    Err(_) => drop(self.expected.lock().remove(&mark)),
                }
                (index, outcome.map_err(AppendError::Unavailable))
            },
        );
        for (index, outcome) in join_all(answers).await {
            outcomes[index] = outcome;
        }
    }

    /// Hands all events to the connection at once, in their order.
    fn send(&self, publisher: &Publisher, events: Vec<OutgoingMessage>) -> Vec<PendingConfirm> {
        let _sending = publisher.sending.lock();
        let sent = events.into_iter().map(
            |OutgoingMessage { index, partition, event, mark, properties }| {
                let (answer, offset) = oneshot::channel();
                self.expected.lock().insert(mark, answer);
                let channel = publisher.channel.clone();
                let stream = self.streams.name(partition);
                let mut confirm = Box::pin(async move {
                    // Unroutable messages are confirmed too, unless they are mandatory.
                    let options =
                        BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                    channel
                        .basic_publish("".into(), stream.into(), options, &event.data, properties)
                        .await
                });
                // The first poll queues the frames.
                let confirm: Confirm = match confirm.as_mut().now_or_never() {
                    Some(early) => Box::pin(std::future::ready(early)),
                    None => confirm,
                };
                PendingConfirm { index, partition, mark, confirm, offset }
            },
        );
        sent.collect()
    }

    async fn publisher(&self) -> Result<Arc<Publisher>, LogError> {
        let mut publisher = self.publisher.lock().await;
        if let Some(publisher) =
            publisher.as_ref().filter(|publisher| publisher.channel.status().connected())
        {
            return Ok(publisher.clone());
        }
        let channel = self.publishing.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let new =
            Arc::new(Publisher { channel, sending: Mutex::default(), proven: Mutex::default() });
        *publisher = Some(new.clone());
        Ok(new)
    }

    /// Gives up a connection that did not deliver: what it still holds must not come after what is
    /// sent after it.
    async fn give_up(&self, given_up: &Arc<Publisher>) {
        let mut publisher = self.publisher.lock().await;
        if publisher.as_ref().is_some_and(|publisher| Arc::ptr_eq(publisher, given_up)) {
            *publisher = None;
            self.publishing.close().await;
        }
    }

    /// Puts events where readers find them, and answers publishers with the offsets of theirs.
    fn show(&self, batch: Vec<(u32, Entry, Option<String>)>) {
        let mut by_partition: Vec<Vec<Entry>> = vec![Vec::new(); self.partitions as usize];
        let mut found = Vec::new();
        for (partition, entry, mark) in batch {
            if let Some(mark) =
                mark.as_deref().and_then(|mark| mark.strip_prefix(&self.mark)?.strip_prefix('-'))
            {
                found.extend(mark.parse::<u64>().ok().map(|mark| (mark, entry.offset)));
            }
            by_partition[partition as usize].push(entry);
        }
        for (partition, entries) in (0..).zip(by_partition) {
            if !entries.is_empty() {
                self.tail.push(partition, entries);
            }
        }
        let mut expected = self.expected.lock();
        for (mark, offset) in found {
            if let Some(answer) = expected.remove(&mark) {
                // The event of a caller that disconnected is in the log anyway.
                let _ = answer.send(offset);
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
    type Source = RabbitMqSource;

    fn tail(&self) -> &Tail {
        &self.tail
    }

    fn source(&self, partition: u32, from: i64) -> RabbitMqSource {
        RabbitMqSource::new(self.reading.clone(), self.streams.name(partition), from)
    }
}

/// Waits until an event is confirmed and read back.
async fn added(
    confirm: impl Future<Output = lapin::Result<PublisherConfirm>>,
    offset: oneshot::Receiver<i64>,
) -> Result<i64, String> {
    let confirm = confirm.await.map_err(|error| error.to_string())?;
    let confirmation = confirm.await.map_err(|error| error.to_string())?;
    if !confirmation.is_ack() || confirmation.take_message().is_some() {
        return Err("RabbitMQ did not accept the event".into());
    }
    offset.await.map_err(|_| "the program is stopping".into())
}

/// Makes the streams that are missing, and waits for a broker that is not there yet.
async fn make_streams(
    link: &Link,
    streams: &Streams,
    config: &LogConfig,
) -> Result<(), StartError> {
    let start = Instant::now();
    let mut backoff = broker::backoff();
    loop {
        let made = async {
            for partition in 0..config.partitions {
                link.make_stream(&streams.name(partition), config.retention_days).await?;
            }
            link.has_stream(&streams.name(config.partitions)).await
        };
        match made.await {
            Ok(false) => return Ok(()),
            Ok(true) => {
                // Fewer partitions would leave events unread.
                let allowed = format!(
                    "must be more, because there is a stream {}",
                    streams.name(config.partitions)
                );
                let partitions = config.partitions.to_string();
                return Err(StartError::configuration(
                    "events.engine.partitions",
                    &partitions,
                    &allowed,
                ));
            }
            Err(error) if start.elapsed() > START_LIMIT => {
                return Err(StartError::new(format!(
                    "cannot create the streams {}.*: {error}",
                    streams.0
                )));
            }
            Err(error) => {
                warn!("RabbitMQ is not ready, retrying: {error}");
                tokio::time::sleep(backoff.next_pause()).await;
            }
        }
    }
}

/// Asks what a stream holds. Its first event must be read, unless it is known.
async fn bounds(
    link: &Arc<Link>,
    streams: &Streams,
    partition: u32,
    earliest: Option<i64>,
) -> Result<Bounds, LogError> {
    let asked = async {
        let count = link.count(&streams.name(partition)).await?;
        if count == 0 {
            return Ok(Bounds { earliest: 0, next: 0 });
        }
        let earliest = match earliest {
            Some(earliest) => earliest,
            None => source::read_one(link, streams, partition, 0).await?.offset,
        };
        Ok(Bounds { earliest, next: earliest + count })
    };
    let asked = tokio::time::timeout(ASK_LIMIT, asked).await;
    asked.unwrap_or_else(|_| Err(LogError::Unavailable("RabbitMQ does not respond".into())))
}

impl From<lapin::Error> for LogError {
    fn from(error: lapin::Error) -> Self {
        LogError::Unavailable(error.to_string())
    }
}
