//! One subscription at this replica: its streams, and the windows of the partitions that it has
//! leased. Nothing here waits: everything happens under one lock that is held for microseconds.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use souk_client::events::v1 as pb;
use souk_types::{Clock, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::ack_id::AckId;
use crate::config::DeliveryConfig;
use crate::convert;
use crate::dead_letter::DeadLetterId;
use crate::error::Error;
use crate::log::Entry;
use crate::progress::Progress;
use crate::subscription::Subscription;
use crate::window::{Change, ClosedDelivery, Failure, Id, OutgoingEvent, Window};

/// The most events and bytes of one answer on a stream, but for an event that is larger alone.
/// Small enough that consumers of one subscription get their share one after another.
const BATCH_EVENTS: usize = 250;
const BATCH_BYTES: usize = 512 << 10;

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

struct State {
    subscription: Subscription,
    parts: BTreeMap<u32, Part>,
    /// The partition that the next batch starts with.
    first: u32,
    streams: HashMap<u64, Stream>,
    last_stream: u64,
    /// The streams that wait for events, longest first.
    idle: VecDeque<u64>,
    is_closing: bool,
    /// Until when the leases hold, where other replicas could have them afterwards. Nothing is
    /// delivered after that.
    held_until: Option<Instant>,
}

/// A partition that is leased to this replica.
struct Part {
    epoch: i64,
    window: Window,
    /// Tells the pump that there is capacity again.
    has_capacity: Arc<Notify>,
    pump: AbortHandle,
    /// Since when nothing more is delivered from it, since another replica is to have it.
    leaving: Option<Instant>,
}

struct Stream {
    limits: Limits,
    messages: usize,
    bytes: usize,
    wake: Arc<Notify>,
    waits_for: WaitsFor,
    /// Why it must end.
    end: Option<Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitsFor {
    Nothing,
    Events,
    Capacity,
}

/// A stream of a subscription. Dropping it leaves, and what it had is delivered again.
pub struct Consumer {
    hub: Arc<Hub>,
    id: u64,
    wake: Arc<Notify>,
    /// Whether the process drains; then what it had does not count as an attempt.
    drain: Option<souk_chassis::Drain>,
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
        };
        state.streams.insert(id, stream);
        Some(Consumer { hub: hub.clone(), id, wake, drain: None })
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

    /// Returns how many events are with consumers here, and how many streams there are.
    pub fn load(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.parts.values().map(|part| part.window.open()).sum(), state.streams.len())
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
    pub(super) fn epochs(&self) -> BTreeMap<u32, i64> {
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

    /// Forgets a partition whose lease is over. What of it is with consumers is void.
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

impl State {
    fn end_streams(&mut self, error: &Error) {
        for stream in self.streams.values_mut() {
            stream.end.get_or_insert_with(|| error.clone());
            stream.wake.notify_one();
        }
    }

    fn set(&mut self, subscription: &Subscription) {
        if self.subscription.revision != subscription.revision {
            self.end_streams(&Error::SubscriptionChanged(subscription.name.clone()));
        }
        if self.subscription.settings != subscription.settings {
            let settings = &subscription.settings;
            for part in self.parts.values_mut() {
                part.window.set(settings.event_types.clone(), settings.retries);
            }
        }
        self.subscription = subscription.clone();
    }

    /// Wakes one stream when there is something for it. It wakes the next when it leaves something.
    fn wake(&mut self) {
        if !self.is_ready() {
            return;
        }
        while let Some(id) = self.idle.pop_front() {
            if let Some(stream) = self.streams.get_mut(&id)
                && stream.waits_for == WaitsFor::Events
            {
                stream.waits_for = WaitsFor::Nothing;
                stream.wake.notify_one();
                return;
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.is_held()
            && self.parts.values().any(|part| part.leaving.is_none() && part.window.is_ready())
    }

    fn is_held(&self) -> bool {
        self.held_until.is_none_or(|until| Instant::now() < until)
    }

    /// Gives streams back the capacity of deliveries that are over.
    fn closed(&mut self, closed: impl IntoIterator<Item = ClosedDelivery>) {
        for ClosedDelivery { stream, bytes } in closed {
            if let Some(stream) = self.streams.get_mut(&stream) {
                stream.messages -= 1;
                stream.bytes -= bytes;
                if stream.waits_for == WaitsFor::Capacity {
                    stream.waits_for = WaitsFor::Nothing;
                    stream.wake.notify_one();
                }
            }
        }
    }

    fn drop_part(&mut self, part: Part) {
        part.pump.abort();
        let Part { mut window, .. } = part;
        for id in self.streams.keys().copied().collect::<Vec<_>>() {
            let open = window.open_at(id);
            let closed: Vec<_> = open
                .into_iter()
                .filter_map(|(id, attempt)| window.give_back(id, attempt))
                .collect();
            self.closed(closed);
        }
    }

    /// Takes the next events for a stream, as many as it may have, with partition and epoch.
    fn take(&mut self, id: u64, now: Timestamp) -> Result<Vec<(u32, i64, OutgoingEvent)>, Error> {
        let is_held = self.is_held();
        // A stream that was removed is one that was dropped, which asks no more.
        let Some(stream) = self.streams.get_mut(&id) else { return Ok(Vec::new()) };
        if let Some(error) = &stream.end {
            return Err(error.clone());
        }
        let ack_deadline =
            stream.limits.ack_deadline.unwrap_or(self.subscription.settings.ack_deadline);
        let deadline = now.plus(ack_deadline);
        let mut taken = Vec::new();
        let mut bytes = 0;
        let first = self.first;
        let mut order: Vec<u32> = Vec::new();
        if is_held {
            order.extend(
                self.parts
                    .range(first..)
                    .chain(self.parts.range(..first))
                    .map(|(number, _)| *number),
            );
        }
        let mut is_full = false;
        for partition in order {
            let part = self.parts.get_mut(&partition).expect("its number was just read");
            while part.leaving.is_none() && !is_full {
                let fits = |entry: &Entry| {
                    let has_capacity = stream.messages < stream.limits.messages
                        && (stream.messages == 0
                            || stream.bytes + entry.bytes <= stream.limits.bytes);
                    let has_batch = taken.is_empty()
                        || taken.len() < BATCH_EVENTS && bytes + entry.bytes <= BATCH_BYTES;
                    is_full = !has_capacity || !has_batch;
                    !is_full
                };
                let Some(one) = part.window.take(id, deadline, fits) else { break };
                stream.messages += 1;
                stream.bytes += one.entry.bytes;
                bytes += one.entry.bytes;
                taken.push((partition, part.epoch, one));
            }
            if is_full {
                // The partition that filled this batch comes last in the next.
                self.first = partition + 1;
                break;
            }
        }
        if taken.is_empty() {
            let waits_for = if is_full { WaitsFor::Capacity } else { WaitsFor::Events };
            if waits_for == WaitsFor::Events && stream.waits_for != waits_for {
                self.idle.push_back(id);
            }
            stream.waits_for = waits_for;
        }
        self.wake();
        Ok(taken)
    }

    /// Applies what a consumer says about deliveries.
    fn update(&mut self, update: &pb::SubscribeUpdate, now: Timestamp) {
        let mut closed = Vec::with_capacity(update.ack_ids.len() + update.nacks.len());
        for ack_id in &update.ack_ids {
            if let Some((window, AckId { id, attempt, .. })) = self.window_of(ack_id) {
                closed.extend(window.ack(id, attempt));
            }
        }
        for nack in &update.nacks {
            if let Some((window, AckId { id, attempt, .. })) = self.window_of(&nack.ack_id) {
                let failure = Failure { reason: nack.reason.clone(), is_final: nack.is_final };
                closed.extend(window.fail(id, attempt, now, rand::random(), failure));
            }
        }
        for extension in &update.extensions {
            if let Some((window, AckId { id, attempt, .. })) = self.window_of(&extension.ack_id) {
                window.extend(
                    id,
                    attempt,
                    now.plus(convert::duration(extension.duration).unwrap_or_default()),
                );
            }
        }
        self.closed(closed);
        for part in self.parts.values() {
            part.has_capacity.notify_one();
        }
        self.wake();
    }

    fn window_of(&mut self, ack_id: &str) -> Option<(&mut Window, AckId)> {
        let ack_id = AckId::read(ack_id)?;
        let part =
            self.parts.get_mut(&ack_id.partition).filter(|part| part.epoch == ack_id.epoch)?;
        Some((&mut part.window, ack_id))
    }

    /// Takes a stream out. What it had counts as failed, unless the server itself ended the stream.
    fn leave(&mut self, id: u64, now: Timestamp, counts: bool) {
        self.streams.remove(&id);
        for part in self.parts.values_mut() {
            for (id, attempt) in part.window.open_at(id) {
                if counts {
                    part.window.fail(id, attempt, now, rand::random(), Failure::default());
                } else {
                    part.window.give_back(id, attempt);
                }
            }
        }
        self.wake();
    }
}

fn delivery(
    partition: u32,
    epoch: i64,
    OutgoingEvent { id, entry, attempt }: OutgoingEvent,
) -> pb::Delivery {
    pb::Delivery {
        event: Some(pb::Event::clone(&entry.event)),
        ack_id: AckId { partition, epoch, id, attempt }.to_string(),
        delivery_attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
        position: Some(convert::position(partition, entry.offset)),
        publish_time: Some(entry.publish_time.into()),
    }
}

impl Consumer {
    /// Lets what it has go uncounted when it leaves at the drain of the process.
    pub fn until(mut self, drain: souk_chassis::Drain) -> Self {
        self.drain = Some(drain);
        self
    }

    /// Waits for events and returns the next, at least one. Dropping the future loses nothing.
    ///
    /// Fails when the stream must end.
    pub async fn next(&self) -> Result<Vec<pb::Delivery>, Error> {
        loop {
            let taken = self.hub.state.lock().take(self.id, self.hub.clock.now())?;
            if !taken.is_empty() {
                self.hub.delivered.increment(taken.len() as u64);
                return Ok(taken
                    .into_iter()
                    .map(|(partition, epoch, one)| delivery(partition, epoch, one))
                    .collect());
            }
            self.wake.notified().await;
        }
    }

    /// Returns what takes the consumer's updates.
    pub fn updates(&self) -> Updates {
        Updates(self.hub.clone())
    }
}

/// Takes what consumers say about deliveries.
pub struct Updates(Arc<Hub>);

impl Updates {
    /// Applies one update.
    pub fn apply(&self, update: &pb::SubscribeUpdate) {
        self.0.state.lock().update(update, self.0.clock.now());
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let counts = !self.drain.as_ref().is_some_and(souk_chassis::Drain::is_draining);
        self.hub.state.lock().leave(self.id, self.hub.clock.now(), counts);
        self.hub.poll_now.notify_one();
    }
}
