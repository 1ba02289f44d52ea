//! What a consumer saw, and whether that is what it should have seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::KEYS;

/// The payload of an event: its number, then filling.
pub fn payload(number: u64) -> Vec<u8> {
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize(super::PAYLOAD, b'x');
    payload
}

/// The number in a payload.
pub fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload[..8].try_into().expect("a payload begins with its number"))
}

/// The key of the event with a number. Events of one key are published in the order of their
/// numbers.
pub fn key(number: u64) -> String {
    format!("key-{}", number % KEYS as u64)
}

/// Single events that are waited for have numbers from here on.
const SINGLE: u64 = 1 << 40;

/// How many events of a target were published so far.
pub struct Published {
    count: AtomicU64,
    singles: AtomicU64,
}

impl Default for Published {
    fn default() -> Self {
        Published { count: AtomicU64::new(0), singles: AtomicU64::new(SINGLE) }
    }
}

impl Published {
    /// Returns the first number of the next `count` events.
    pub fn next(&self, count: usize) -> u64 {
        self.count.fetch_add(count as u64, Ordering::Relaxed)
    }

    /// Returns the number of the next event that is waited for.
    pub fn next_single(&self) -> u64 {
        self.singles.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns how many there were, single ones apart.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// How long a run may take before it counts as stuck.
const LIMIT: Duration = Duration::from_secs(120);

/// Counts what one consumer handles.
#[derive(Clone, Default)]
pub struct Seen(Arc<Inner>);

#[derive(Default)]
struct Inner {
    count: AtomicUsize,
    /// The last number of each key.
    last: Mutex<HashMap<u64, u64>>,
    singles: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    came: Notify,
}

impl Seen {
    /// Handles an event.
    ///
    /// # Panics
    /// When it is not the next of its key. A repeat, which at-least-once allows and a run without
    /// failures does not have, counts as one.
    pub fn handle(&self, payload: &[u8]) {
        let number = number(payload);
        if number >= SINGLE {
            if let Some(waiting) = lock(&self.0.singles).remove(&number) {
                let _ = waiting.send(());
            }
            return;
        }
        let before = lock(&self.0.last).insert(number % KEYS as u64, number);
        let expected = before.map_or(number % KEYS as u64, |before| before + KEYS as u64);
        assert_eq!(
            number, expected,
            "the events of a key came in another order, or one is missing"
        );
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Signals the waiters that some were handled.
    pub fn wake(&self) {
        self.0.came.notify_waiters();
    }

    /// Waits until this many have been handled in total.
    ///
    /// # Panics
    /// When that takes minutes, as after a consumer has found something wrong.
    pub async fn reaches(&self, count: usize) {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < LIMIT, "{} of {count} events came", self.count());
            let came = self.0.came.notified();
            if self.0.count.load(Ordering::Relaxed) >= count {
                return;
            }
            // A wake-up may come between the look and the wait.
            let _ = tokio::time::timeout(Duration::from_millis(5), came).await;
        }
    }

    /// Returns how many have been handled.
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Returns what resolves when a single event comes.
    pub fn expect(&self, number: u64) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.0.singles).insert(number, sender);
        receiver
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with it")
}

/// The batches of a run: which numbers, in which order. Each publisher has keys of its own, so that
/// the order within a key is that of its own requests.
pub fn batches(
    first: u64,
    count: usize,
    publisher: usize,
    publishers: usize,
    batch: usize,
) -> Vec<Vec<u64>> {
    let ours = |number: &u64| (number % KEYS as u64) as usize % publishers == publisher;
    let numbers: Vec<u64> = (first..first + count as u64).filter(ours).collect();
    numbers.chunks(batch).map(<[u64]>::to_vec).collect()
}
