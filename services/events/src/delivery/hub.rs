//! One subscription at this replica: its streams, and the windows of the partitions that it has
//! leased. Nothing here waits: everything runs under one lock that is held for microseconds.

mod consumer;
mod state;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use souk_types::{Clock, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub use self::consumer::{Consumer, PULL_BYTES, Updates};
use self::state::{Part, State, Stream, WaitsFor};
use crate::config::DeliveryConfig;
use crate::dead_letter::DeadLetterId;
use crate::error::Error;
use crate::log::Entry;
use crate::progress::Progress;
use crate::subscription::Subscription;
use crate::window::{Change, Id, Window};

/// How much one stream may have at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub messages: usize,
    pub bytes: usize,
    /// How long it has for each.
    pub ack_deadline: Option<Duration>,
}

/// A subscription with consumers at this replica.
pub struct Hub {
    pub number: i64,
    delivered: metrics::Counter,
    state: Mutex<State>,
    clock: Clock,
    config: DeliveryConfig,
    /// Asks the lease manager to poll the database now.
    pub(super) poll_now: Notify,
    closed: watch::Sender<bool>,
}

impl Hub {
    pub(super) fn new(subscription: Subscription, clock: Clock, config: DeliveryConfig) -> Self {
        let state = State {
            parts: BTreeMap::new(),
            first: 0,
            streams: HashMap::new(),
            last_stream: 0,
            idle: VecDeque::new(),
            is_closing: false,
            held_until: None,
            subscription,
        };
        let number = state.subscription.number;
        let name = state.subscription.name.clone();
        let delivered = metrics::counter!("souk_events_delivered_total", "subscription" => name);
        Hub {
            number,
            delivered,
            state: Mutex::new(state),
            clock,
            config,
            poll_now: Notify::new(),
            closed: watch::Sender::new(false),
        }
    }

    /// Adds a stream; nothing when the hub is closing.
    pub(super) fn join(
        hub: &Arc<Hub>,
        subscription: &Subscription,
        limits: Limits,
    ) -> Option<Consumer> {
        let mut state = hub.state.lock();
        if state.is_closing {
            return None;
        }
        state.set(subscription);
        state.last_stream += 1;
        let id = state.last_stream;
        let wake = Arc::new(Notify::new());
        let stream = Stream {
            limits,
            messages: 0,
            bytes: 0,
            wake: wake.clone(),
            waits_for: WaitsFor::Nothing,
            end: None,
            is_detached: false,
        };
        state.streams.insert(id, stream);
        Some(Consumer { hub: hub.clone(), id, wake, drain: None })
    }

    /// Returns what takes acknowledgements of deliveries.
    pub fn updates(self: &Arc<Self>) -> Updates {
        Updates::of(self)
    }

    /// Gives back what was pulled and is not acknowledged: the process stops.
    pub(super) fn leave_detached(&self) {
        let has_left = self.state.lock().leave_detached(self.clock.now());
        if has_left {
            self.poll();
        }
    }

    /// Ends every stream with an error; those that come later are not concerned.
    pub fn end_streams(&self, error: &Error) {
        self.state.lock().end_streams(error);
    }

    /// Ends every stream and forgets every partition: the subscription is at another position now.
    pub fn set_aside(&self, error: &Error) {
        for (partition, epoch) in self.epochs() {
            self.remove_part(partition, epoch);
        }
        self.end_streams(error);
        self.poll();
    }

    /// Asks to poll the database now: dead letters were requeued, the subscription was changed.
    pub fn poll(&self) {
        self.poll_now.notify_one();
    }

    /// Changes the settings, from now on.
    pub fn set(&self, subscription: &Subscription) {
        self.state.lock().set(subscription);
    }

    /// Returns how many events are with consumers here.
    pub fn outstanding(&self) -> usize {
        self.state.lock().parts.values().map(|part| part.window.open()).sum()
    }

    /// Returns how far the partitions have come that are leased here, which may be further than
    /// what is written.
    pub fn progress(&self) -> BTreeMap<u32, Progress> {
        let state = self.state.lock();
        state
            .parts
            .iter()
            .map(|(partition, part)| (*partition, part.window.progress().clone()))
            .collect()
    }

    /// Returns when the log took the oldest event that is held here.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.state.lock().parts.values().filter_map(|part| part.window.oldest()).min()
    }

    /// Returns the subscription as this replica knows it.
    pub(super) fn subscription(&self) -> Subscription {
        self.state.lock().subscription.clone()
    }

    /// Returns the partitions that are leased here, with their epochs.
    pub fn epochs(&self) -> BTreeMap<u32, i64> {
        self.state.lock().parts.iter().map(|(partition, part)| (*partition, part.epoch)).collect()
    }

    /// Notes until when the leases hold.
    pub(super) fn hold_until(&self, until: Instant) {
        let mut state = self.state.lock();
        state.held_until = Some(until);
        state.wake();
    }

    /// Begins with a partition that was leased; `pump` reads it.
    pub(super) fn add_part(
        &self,
        partition: u32,
        epoch: i64,
        window: Window,
        has_capacity: Arc<Notify>,
        pump: AbortHandle,
    ) {
        let mut state = self.state.lock();
        let part = Part { epoch, window, has_capacity, pump, leaving: None };
        if let Some(before) = state.parts.insert(partition, part) {
            state.drop_part(before);
        }
    }

    /// Drops a partition whose lease expired. Deliveries already with consumers are no longer
    /// valid.
    pub(super) fn remove_part(&self, partition: u32, epoch: i64) {
        let mut state = self.state.lock();
        if state.parts.get(&partition).is_some_and(|part| part.epoch == epoch) {
            let part = state.parts.remove(&partition).expect("it was just found");
            state.drop_part(part);
        }
    }

    /// Stops delivering from the last `count` partitions, since other replicas are to have them,
    /// and returns those that may go: nothing of them is with consumers any more, or it has been
    /// for too long.
    pub(super) fn leave_parts(&self, count: usize, patience: Duration) -> Vec<u32> {
        let mut state = self.state.lock();
        let mut gone = Vec::new();
        for (number, (partition, part)) in state.parts.iter_mut().rev().enumerate() {
            if number >= count {
                part.leaving = None;
                continue;
            }
            let since = *part.leaving.get_or_insert_with(Instant::now);
            if part.window.open() == 0 || since.elapsed() > patience {
                gone.push(*partition);
            }
        }
        state.wake();
        gone
    }

    /// Returns how many events and bytes there is capacity for; nothing when the lease is over.
    pub(super) fn capacity(&self, partition: u32, epoch: i64) -> Option<(usize, usize)> {
        let state = self.state.lock();
        let part = state.parts.get(&partition).filter(|part| part.epoch == epoch)?;
        let (events, bytes) = part.window.held();
        Some((
            self.config.window_events.saturating_sub(events),
            self.config.window_bytes.saturating_sub(bytes),
        ))
    }

    /// Takes what was read of a partition; `false` when the lease is over.
    pub(super) fn push(&self, partition: u32, epoch: i64, entries: Vec<Entry>) -> bool {
        let mut state = self.state.lock();
        let Some(part) = state.parts.get_mut(&partition).filter(|part| part.epoch == epoch) else {
            return false;
        };
        part.window.push(entries);
        state.wake();
        true
    }

    /// Returns which of these dead letters are not being delivered already.
    pub(super) fn missing(&self, requeued: Vec<DeadLetterId>) -> Vec<DeadLetterId> {
        let state = self.state.lock();
        let is_missing = |letter: &DeadLetterId| {
            let id = Id { offset: letter.offset, is_requeued: true };
            state.parts.get(&letter.partition).is_some_and(|part| !part.window.contains(id))
        };
        requeued.into_iter().filter(is_missing).collect()
    }

    /// Takes a dead letter that is to be delivered again.
    pub(super) fn requeue(
        &self,
        partition: u32,
        epoch: i64,
        entry: Entry,
        attempts: u32,
        due: Timestamp,
    ) {
        let mut state = self.state.lock();
        if let Some(part) = state.parts.get_mut(&partition).filter(|part| part.epoch == epoch) {
            part.window.requeue(entry, attempts, due);
            state.wake();
        }
    }

    /// Lets time pass.
    pub(super) fn tick(&self, now: Timestamp) {
        let mut state = self.state.lock();
        let mut closed = Vec::new();
        for part in state.parts.values_mut() {
            closed.extend(part.window.tick(now, rand::random::<f64>));
        }
        state.closed(closed);
        state.wake();
    }

    /// Returns whether anything waits to be written, and whether deliveries wait for it.
    pub(super) fn is_dirty(&self) -> (bool, bool) {
        let state = self.state.lock();
        let windows = || state.parts.values().map(|part| &part.window);
        (windows().any(Window::is_dirty), windows().any(Window::is_urgent))
    }

    /// Returns what has to be written, by partition and epoch.
    pub(super) fn unwritten(&self) -> Vec<(u32, i64, Change)> {
        let mut state = self.state.lock();
        let changes = state.parts.iter_mut().filter_map(|(partition, part)| {
            let change = part.window.unwritten()?;
            Some((*partition, part.epoch, change))
        });
        changes.collect()
    }

    /// Goes on with what rested on a change that is durable now, or takes it back.
    pub(super) fn settle(&self, partition: u32, epoch: i64, change: Change, is_written: bool) {
        let mut state = self.state.lock();
        let Some(part) = state.parts.get_mut(&partition).filter(|part| part.epoch == epoch) else {
            return;
        };
        if is_written {
            part.window.written(change);
        } else {
            part.window.not_written(change);
        }
        part.has_capacity.notify_one();
        state.wake();
    }

    /// Closes the hub unless it has streams.
    pub(super) fn try_close(&self) -> bool {
        let mut state = self.state.lock();
        state.is_closing = state.streams.is_empty();
        state.is_closing
    }

    pub(super) fn set_closed(&self) {
        self.closed.send_replace(true);
    }

    /// Waits until the hub is closed and its leases are given back.
    pub(super) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as this hub.
        let _ = closed.wait_for(|closed| *closed).await;
    }
}
