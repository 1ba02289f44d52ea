//! The last events of each partition in memory, bounded by bytes: subscriptions that keep up with
//! the log read from here, and nothing is read or decoded again. It also wakes those who wait for
//! more.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::Entry;

/// The tails of all partitions.
pub struct Tail {
    partitions: Vec<Partition>,
    /// The most bytes of one partition.
    max_bytes: usize,
}

struct Partition {
    recent: Mutex<Recent>,
    /// The offset after the last event that is known to be in the log.
    next: watch::Sender<i64>,
}

/// **Invariant:** `entries` are all events of the partition from the first of them to before `end`,
/// without a gap.
#[derive(Default)]
struct Recent {
    entries: VecDeque<Entry>,
    bytes: usize,
    end: i64,
}

impl Tail {
    /// Returns empty tails; `next` holds the offset after the last event of each partition.
    pub fn new(next: &[i64], max_bytes: usize) -> Self {
        let partitions = next.iter().map(|next| Partition {
            recent: Mutex::new(Recent { end: *next, ..Recent::default() }),
            next: watch::Sender::new(*next),
        });
        Tail { partitions: partitions.collect(), max_bytes: max_bytes / next.len().max(1) }
    }

    /// Adds events that have become durable, in order and without a gap between them, and wakes the
    /// readers.
    pub fn push(&self, partition: u32, entries: impl IntoIterator<Item = Entry>) {
        let partition = &self.partitions[partition as usize];
        let mut recent = partition.recent.lock();
        for entry in entries {
            if entry.offset != recent.end {
                // Another replica added something in between. What lies before the gap is in the
                // table.
                *recent = Recent::default();
            }
            recent.end = entry.offset + 1;
            recent.bytes += entry.bytes;
            recent.entries.push_back(entry);
        }
        while recent.bytes > self.max_bytes {
            let Some(oldest) = recent.entries.pop_front() else { break };
            recent.bytes -= oldest.bytes;
        }
        let end = recent.end;
        drop(recent);
        partition.wake(end);
    }

    /// Learns that a partition has events up to before `next`, which are in the table only, and
    /// wakes the readers.
    pub fn learn(&self, partition: u32, next: i64) {
        self.partitions[partition as usize].wake(next);
    }

    /// Forgets the events before an offset, which were purged.
    pub fn forget(&self, partition: u32, before: i64) {
        let mut recent = self.partitions[partition as usize].recent.lock();
        while recent.entries.front().is_some_and(|entry| entry.offset < before) {
            recent.bytes -= recent.entries.pop_front().map_or(0, |entry| entry.bytes);
        }
    }

    /// Returns a receiver of the offset after the last event of a partition.
    pub fn watch(&self, partition: u32) -> watch::Receiver<i64> {
        self.partitions[partition as usize].next.subscribe()
    }

    /// Returns whether any reader waits for events of any partition.
    pub fn is_watched(&self) -> bool {
        self.partitions.iter().any(|partition| partition.next.receiver_count() > 0)
    }

    /// Returns the events from `from` on, up to the limits of count and bytes; none when `from` is
    /// not in memory.
    pub fn read(
        &self,
        partition: u32,
        from: i64,
        max_events: usize,
        max_bytes: usize,
    ) -> Vec<Entry> {
        let recent = self.partitions[partition as usize].recent.lock();
        let Some(first) = recent.entries.front() else { return Vec::new() };
        let Ok(skipped) = usize::try_from(from - first.offset) else { return Vec::new() };
        let mut bytes = 0;
        let mut found = Vec::new();
        for entry in recent.entries.iter().skip(skipped).take(max_events) {
            bytes += entry.bytes;
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        found
    }
}

impl Partition {
    fn wake(&self, next: i64) {
        self.next.send_if_modified(|known| {
            let is_new = next > *known;
            *known = next.max(*known);
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use souk_client::events::v1 as pb;
    use souk_types::Timestamp;

    use super::*;

    fn entry(offset: i64) -> Entry {
        Entry {
            offset,
            publish_time: Timestamp::from_micros(0),
            event: Arc::new(pb::Event::default()),
            bytes: 10,
        }
    }

    fn offsets(entries: &[Entry]) -> Vec<i64> {
        entries.iter().map(|entry| entry.offset).collect()
    }

    #[test]
    fn it_keeps_the_last_events_within_its_bytes() {
        let tail = Tail::new(&[5], 30);
        tail.push(0, (5..10).map(entry));
        assert_eq!(offsets(&tail.read(0, 7, 100, 1000)), [7, 8, 9]);
        assert_eq!(offsets(&tail.read(0, 8, 1, 1000)), [8]);
        assert_eq!(offsets(&tail.read(0, 7, 100, 15)), [7]);
        assert!(tail.read(0, 6, 100, 1000).is_empty(), "it is in the table only");
        assert!(tail.read(0, 10, 100, 1000).is_empty());
        assert_eq!(*tail.watch(0).borrow(), 10);
        tail.forget(0, 9);
        assert!(tail.read(0, 8, 100, 1000).is_empty());
        assert_eq!(offsets(&tail.read(0, 9, 100, 1000)), [9]);
    }

    #[test]
    fn what_another_replica_added_leaves_no_hole() {
        let tail = Tail::new(&[0], 1000);
        tail.push(0, (0..3).map(entry));
        tail.push(0, (5..7).map(entry));
        assert!(tail.read(0, 2, 100, 1000).is_empty());
        assert_eq!(offsets(&tail.read(0, 5, 100, 1000)), [5, 6]);
        tail.learn(0, 9);
        tail.learn(0, 8);
        assert_eq!(*tail.watch(0).borrow(), 9);
    }
}
