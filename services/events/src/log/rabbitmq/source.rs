//! Reading streams: one partition for a reader that is behind, all of them for the tail.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{SelectAll, StreamExt, select_all};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Consumer};
use souk_types::Backoff;
use tracing::warn;

use super::super::broker::{self, ASK_LIMIT, Source};
use super::super::{Entry, LogError};
use super::Streams;
use super::link::Link;
use super::message::{entry_of, offset_of};

/// How many messages the broker sends ahead of their acknowledgement, for each stream. A stream is
/// consumed with a limit or not at all.
const AHEAD: u16 = 250;

/// How many events the follower hands on at once.
const BATCH: usize = 1000;

/// Reads one stream. It continues by itself after the broker was unreachable.
pub struct RabbitMqSource {
    link: Arc<Link>,
    stream: String,
    position: i64,
    /// The consumer, with the channel that lives as long.
    open: Option<(Channel, Consumer)>,
    /// The tag of the last message that was taken.
    unacknowledged: Option<u64>,
    /// What was read and did not fit the last response.
    held_back: Option<Entry>,
    backoff: Backoff,
}

impl RabbitMqSource {
    pub fn new(link: Arc<Link>, stream: String, from: i64) -> Self {
        let backoff = broker::backoff();
        RabbitMqSource {
            link,
            stream,
            position: from,
            open: None,
            unacknowledged: None,
            held_back: None,
            backoff,
        }
    }

    async fn consumer(&mut self) -> Result<&mut Consumer, LogError> {
        if self.open.is_none() {
            let channel = self.link.channel().await?;
            let consumer = consume(&channel, &self.stream, self.position).await?;
            self.unacknowledged = None;
            self.open = Some((channel, consumer));
        }
        Ok(&mut self.open.as_mut().expect("it was just opened").1)
    }

    /// Takes a delivery: its event, unless the source had it already or it is none.
    fn take(&mut self, delivery: Delivery) -> Option<Entry> {
        self.unacknowledged = Some(delivery.delivery_tag);
        let offset = offset_of(&delivery)?;
        // A stream is read from the start of a chunk, which may lie before the offset that was
        // asked for.
        if offset < self.position {
            return None;
        }
        self.position = offset + 1;
        entry_of(delivery, offset)
    }
}

impl Source for RabbitMqSource {
    async fn next(&mut self, max_events: usize, max_bytes: usize) -> Result<Vec<Entry>, LogError> {
        if let Some(entry) = self.held_back.take() {
            return Ok(vec![entry]);
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        while entries.len() < max_events {
            // Acknowledged before the next wait and not after the last one: dropping the future
            // then loses nothing.
            let unacknowledged = if entries.is_empty() { self.unacknowledged.take() } else { None };
            if let (Some(tag), Some((channel, _))) = (unacknowledged, &self.open) {
                // What fails here fails again below.
                let _ = channel.basic_ack(tag, BasicAckOptions { multiple: true }).await;
            }
            let received = match self.consumer().await {
                Ok(consumer) if entries.is_empty() => consumer.next().await,
                Ok(consumer) => match consumer.next().now_or_never() {
                    Some(received) => received,
                    None => break,
                },
                Err(_) => None,
            };
            let Some(Ok(delivery)) = received else {
                self.open = None;
                if !entries.is_empty() {
                    break;
                }
                tokio::time::sleep(self.backoff.next_pause()).await;
                continue;
            };
            self.backoff.reset();
            let Some(entry) = self.take(delivery) else { continue };
            bytes += entry.bytes;
            if bytes > max_bytes && !entries.is_empty() {
                self.held_back = Some(entry);
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Reads all streams, each from its position on.
pub struct Follower {
    link: Arc<Link>,
    streams: Streams,
    positions: Vec<i64>,
    open: Option<(Channel, SelectAll<Numbered>)>,
    acknowledged: u64,
    backoff: Backoff,
}

type Numbered = futures_util::stream::Map<Consumer, Number>;
type Number = Box<dyn FnMut(lapin::Result<Delivery>) -> (u32, lapin::Result<Delivery>) + Send>;

impl Follower {
    pub fn new(link: Arc<Link>, streams: Streams, positions: Vec<i64>) -> Self {
        Follower {
            link,
            streams,
            positions,
            open: None,
            acknowledged: 0,
            backoff: broker::backoff(),
        }
    }

    /// Waits for events and returns them with their partition and mark. Not to be dropped while it
    /// waits.
    pub async fn next(&mut self) -> Vec<(u32, Entry, Option<String>)> {
        let mut batch = Vec::new();
        loop {
            if self.open.is_none()
                && let Err(error) = self.connect().await
            {
                if !self.backoff.is_failing() {
                    warn!("cannot read from RabbitMQ, retrying: {error}");
                }
                tokio::time::sleep(self.backoff.next_pause()).await;
                continue;
            }
            let (channel, merged) = self.open.as_mut().expect("it was just opened");
            let mut last = 0;
            let mut received = merged.next().await;
            let is_broken = loop {
                // One consumer that ends takes all with it: the connection is gone, or its stream
                // is.
                let Some((partition, Ok(delivery))) = received else { break true };
                self.backoff.reset();
                last = last.max(delivery.delivery_tag);
                let position = &mut self.positions[partition as usize];
                if let Some(offset) = offset_of(&delivery).filter(|offset| offset >= position) {
                    *position = offset + 1;
                    let mark = delivery
                        .properties
                        .correlation_id()
                        .as_ref()
                        .map(|mark| mark.as_str().to_owned());
                    batch.extend(entry_of(delivery, offset).map(|entry| (partition, entry, mark)));
                }
                if batch.len() == BATCH {
                    break false;
                }
                match merged.next().now_or_never() {
                    Some(next) => received = next,
                    None => break false,
                }
            };
            // An acknowledgement takes all earlier ones along, and the broker closes the channel
            // over one that is repeated. Streams are merged, so that a tag may come after a higher
            // one.
            if last > self.acknowledged && !is_broken {
                self.acknowledged = last;
                let _ = channel.basic_ack(last, BasicAckOptions { multiple: true }).await;
            }
            if is_broken {
                self.open = None;
            }
            if !batch.is_empty() {
                return batch;
            }
            if is_broken {
                tokio::time::sleep(self.backoff.next_pause()).await;
            }
        }
    }

    async fn connect(&mut self) -> Result<(), LogError> {
        let channel = self.link.channel().await?;
        let mut consumers: Vec<Numbered> = Vec::new();
        for (partition, position) in (0..).zip(&self.positions) {
            let consumer = consume(&channel, &self.streams.name(partition), *position).await?;
            let number: Number = Box::new(move |received| (partition, received));
            consumers.push(consumer.map(number));
        }
        self.acknowledged = 0;
        self.open = Some((channel, select_all(consumers)));
        Ok(())
    }
}

/// Reads the first event at an offset or after it, which must be there.
pub async fn read_one(
    link: &Arc<Link>,
    streams: &Streams,
    partition: u32,
    from: i64,
) -> Result<Entry, LogError> {
    let mut source = RabbitMqSource::new(link.clone(), streams.name(partition), from);
    let read = tokio::time::timeout(ASK_LIMIT, source.next(1, usize::MAX)).await;
    let read = read.map_err(|_| LogError::Unavailable("RabbitMQ does not respond".into()))??;
    read.into_iter().next().ok_or_else(|| LogError::Unavailable("RabbitMQ does not respond".into()))
}

/// Consumes a stream from an offset on; from the first message when that is gone.
async fn consume(channel: &Channel, stream: &str, from: i64) -> Result<Consumer, LogError> {
    channel.basic_qos(AHEAD, BasicQosOptions::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-stream-offset".into(), AMQPValue::LongLongInt(from));
    Ok(channel
        .basic_consume(stream.into(), "".into(), BasicConsumeOptions::default(), arguments)
        .await?)
}
