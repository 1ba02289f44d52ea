//! The log in the service's own database: a table of events and one row per partition with the next
//! offset.
//!
//! **Invariant:** an append locks the rows of its partitions first, by number, and counts their
//! offsets on; so offsets have no gaps, and are visible in their order, on both engines and with
//! any number of replicas.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prost::Message;
use souk_chassis::{Drain, StartError};
use souk_client::events::v1 as pb;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Engine, Tx};
use souk_types::{Clock, Timestamp};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, oneshot, watch};

use super::tail::Tail;
use super::{AppendError, Bounds, Entry, Log, LogError, LogReader, size_of};
use crate::config::LogConfig;
use crate::store::log_event::{self, LogPosition, NewEvent};
use crate::store::log_partition;

/// How many events and bytes one write takes, unless a single request has more. More would hold up
/// others at the disk.
const GROUP_EVENTS: usize = 2000;
const GROUP_BYTES: usize = 4 << 20;

/// The most KiB of events that wait for the disk. Further publishers wait for capacity.
const WAITING_KIB: u32 = 64 << 10;

/// How often a replica polls for what others added.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How many events one write of the purge deletes.
const PURGED_AT_A_TIME: i64 = 500;

/// The log.
pub struct DatabaseLog(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    partitions: u32,
    retention: Duration,
    tail: Tail,
    /// What waits for the next write.
    waiting: Mutex<VecDeque<Waiting>>,
    capacity: Semaphore,
    /// The caller that locks it writes all waiting events, for all.
    writer: Arc<AsyncMutex<()>>,
}

/// The events of one caller, and where it waits for their offsets.
struct Waiting {
    events: Vec<NewEvent>,
    bytes: usize,
    answer: oneshot::Sender<Result<Vec<i64>, souk_data::Error>>,
}

impl DatabaseLog {
    /// Opens the log and makes the partitions that are missing.
    pub async fn open(config: &LogConfig, db: Db, clock: Clock) -> Result<Self, StartError> {
        let partitions = config.partitions;
        let next = db.write(ReadCommitted, partitions, log_partition::open).await?;
        if next.len() > partitions as usize {
            let allowed = format!(
                "must be at least {}, the number of partitions that the log already has",
                next.len()
            );
            return Err(StartError::configuration(
                "events.engine.partitions",
                &partitions.to_string(),
                &allowed,
            ));
        }
        let tail = Tail::new(&next, config.tail_bytes);
        Ok(DatabaseLog(Arc::new(Inner {
            db,
            clock,
            partitions,
            retention: config.retention(),
            tail,
            waiting: Mutex::default(),
            capacity: Semaphore::new(WAITING_KIB as usize),
            writer: Arc::new(AsyncMutex::new(())),
        })))
    }
}

#[tonic::async_trait]
impl Log for DatabaseLog {
    fn partitions(&self) -> u32 {
        self.0.partitions
    }

    // All events are added or none.
    async fn append(
        &self,
        events: Vec<(u32, Arc<pb::Event>)>,
    ) -> Result<Vec<Result<i64, AppendError>>, LogError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut bytes = 0;
        let encoded = |(partition, event): (u32, Arc<pb::Event>)| {
            let event = NewEvent { partition, encoded: event.encode_to_vec(), event };
            bytes += event.encoded.len();
            event
        };
        let events: Vec<NewEvent> = events.into_iter().map(encoded).collect();
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(WAITING_KIB).clamp(1, WAITING_KIB);
        let _permit = self.0.capacity.acquire_many(kib).await.expect("it is never closed");

        let (answer, mut answered) = oneshot::channel();
        self.0.waiting.lock().push_back(Waiting { events, bytes, answer });
        // Either another caller's write includes these events, or this caller writes for all that
        // wait.
        let offsets = tokio::select! {
            biased;
            offsets = &mut answered => offsets,
            writer = self.0.writer.clone().lock_owned() => {
                let inner = self.0.clone();
                // In a task of its own, since a caller that goes away must not take the responses
                // of the others with it.
                tokio::spawn(async move {
                    inner.write_group().await;
                    drop(writer);
                });
                answered.await
            }
        };
        let offsets =
            offsets.map_err(|_| LogError::Unavailable("the program is stopping".into()))??;
        Ok(offsets.into_iter().map(Ok).collect())
    }

    fn reader(&self, partition: u32, from: i64) -> Box<dyn LogReader> {
        let next = self.0.tail.watch(partition);
        Box::new(DatabaseReader { log: self.0.clone(), partition, position: from, next })
    }

    async fn bounds(&self, partition: u32) -> Result<Bounds, LogError> {
        Ok(log_partition::bounds(&self.0.db.read(), partition).await?)
    }

    // Times never fall within a partition, so halving finds the offset.
    async fn offset_at(&self, partition: u32, time: Timestamp) -> Result<i64, LogError> {
        let reader = self.0.db.read();
        let Bounds { earliest, next } = self.bounds(partition).await?;
        let mut low = earliest;
        let mut high = next;
        while low < high {
            let middle = low + (high - low) / 2;
            // One that is not there any more was purged, since it was old.
            match log_event::publish_time(&reader, partition, middle).await? {
                Some(published) if published >= time => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low)
    }

    async fn publish_time(
        &self,
        partition: u32,
        offset: i64,
    ) -> Result<Option<Timestamp>, LogError> {
        let Bounds { earliest, .. } = self.bounds(partition).await?;
        Ok(log_event::publish_time(&self.0.db.read(), partition, offset.max(earliest)).await?)
    }

    async fn purge(&self) -> Result<u64, LogError> {
        let before = self.0.clock.now().minus(self.0.retention);
        let mut purged = 0;
        for partition in 0..self.0.partitions {
            let keep = self.offset_at(partition, before).await?;
            let mut first = self.bounds(partition).await?.earliest;
            while first < keep {
                let next = keep.min(first + PURGED_AT_A_TIME);
                purged += self
                    .0
                    .db
                    .write(ReadCommitted, (partition, next), log_event::delete_before)
                    .await?;
                first = next;
            }
            // Whichever replica deleted them.
            self.0.tail.forget(partition, keep);
        }
        Ok(purged)
    }

    // A SQLite file has no other replicas.
    async fn follow(&self, drain: Drain) -> Result<(), LogError> {
        if self.0.db.engine() == Engine::Sqlite {
            drain.started().await;
            return Ok(());
        }
        while drain.pause(POLL_INTERVAL).await {
            if self.0.tail.is_watched() {
                for (partition, next) in
                    (0..).zip(log_partition::next_offsets(&self.0.db.read()).await?)
                {
                    if partition < self.0.partitions {
                        self.0.tail.learn(partition, next);
                    }
                }
            }
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), LogError> {
        // Its database is asked anyway.
        Ok(())
    }
}

impl Inner {
    /// Adds all waiting events in one write, and answers all of their callers.
    async fn write_group(&self) {
        let group = self.take_group();
        if group.is_empty() {
            return;
        }
        let mut events = Vec::with_capacity(group.iter().map(|waiting| waiting.events.len()).sum());
        let mut answers = Vec::with_capacity(group.len());
        for waiting in group {
            answers.push((waiting.events.len(), waiting.answer));
            events.extend(waiting.events);
        }
        let events = Arc::new(events);
        let written =
            self.db.write(ReadCommitted, (events.clone(), self.clock.now()), append).await;
        match written {
            Ok(positions) => {
                self.show(&events, &positions);
                let mut offsets = positions.iter().map(|position| position.offset);
                for (count, answer) in answers {
                    // The events of a caller that disconnected are in the log anyway.
                    let _ = answer.send(Ok(offsets.by_ref().take(count).collect()));
                }
            }
            Err(error) => {
                for (_, answer) in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn take_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock();
        let mut events = 0;
        let mut bytes = 0;
        let mut group = Vec::new();
        // A caller that disconnected before this write gets no response, and has nothing in the
        // log.
        waiting.retain(|waiting| !waiting.answer.is_closed());
        while let Some(first) = waiting.front() {
            let is_full =
                events + first.events.len() > GROUP_EVENTS || bytes + first.bytes > GROUP_BYTES;
            if is_full && !group.is_empty() {
                break;
            }
            events += first.events.len();
            bytes += first.bytes;
            group.extend(waiting.pop_front());
        }
        group
    }

    /// Puts durable events where readers find them.
    fn show(&self, events: &[NewEvent], positions: &[LogPosition]) {
        let mut by_partition: Vec<Vec<Entry>> = vec![Vec::new(); self.partitions as usize];
        for (NewEvent { partition, event, .. }, position) in events.iter().zip(positions) {
            let LogPosition { offset, publish_time } = *position;
            let entry = Entry { offset, publish_time, event: event.clone(), bytes: size_of(event) };
            by_partition[*partition as usize].push(entry);
        }
        for (partition, entries) in (0..).zip(by_partition) {
            if !entries.is_empty() {
                self.tail.push(partition, entries);
            }
        }
    }
}

/// The events of one write, and the time at which the log takes them.
type Append = (Arc<Vec<NewEvent>>, Timestamp);

async fn append(tx: &Tx, (events, now): &Append) -> Result<Vec<LogPosition>, souk_data::Error> {
    log_event::append(tx, events, *now).await
}

/// Reads one partition: the last events from memory, earlier ones from the table.
struct DatabaseReader {
    log: Arc<Inner>,
    partition: u32,
    position: i64,
    next: watch::Receiver<i64>,
}

#[tonic::async_trait]
impl LogReader for DatabaseReader {
    async fn next(&mut self, max_events: usize, max_bytes: usize) -> Result<Vec<Entry>, LogError> {
        loop {
            let next = *self.next.borrow_and_update();
            if self.position < next {
                let mut entries =
                    self.log.tail.read(self.partition, self.position, max_events, max_bytes);
                if entries.is_empty() {
                    let reader = self.log.db.read();
                    entries = log_event::read(
                        &reader,
                        self.partition,
                        self.position,
                        max_events,
                        max_bytes,
                    )
                    .await?;
                }
                // Nothing there means that all of it was purged meanwhile.
                self.position = entries.last().map_or(next, |last| last.offset + 1);
                if !entries.is_empty() {
                    return Ok(entries);
                }
            }
            let position = self.position;
            let waited = self.next.wait_for(|next| *next > position).await.map(|_| ());
            waited.map_err(|_| LogError::Unavailable("the program is stopping".into()))?;
        }
    }
}
