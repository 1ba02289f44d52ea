//! What a hub knows, and how it changes. Nothing here waits or locks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use souk_client::events::v1 as pb;
use souk_types::Timestamp;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Limits;
use crate::convert;
use crate::delivery::ack_id::AckId;
use crate::error::Error;
use crate::log::Entry;
use crate::subscription::Subscription;
use crate::window::{ClosedDelivery, Failure, OutgoingEvent, Window};

/// The most events and bytes of one response on a stream, but for an event that is larger alone.
/// Small enough that consumers of one subscription get their share one after another.
const BATCH_EVENTS: usize = 250;
const BATCH_BYTES: usize = 512 << 10;

pub(super) struct State {
    pub(super) subscription: Subscription,
    pub(super) parts: BTreeMap<u32, Part>,
    /// The partition that the next batch starts with.
    pub(super) first: u32,
    pub(super) streams: HashMap<u64, Stream>,
    pub(super) last_stream: u64,
    /// The streams that wait for events, longest first.
    pub(super) idle: VecDeque<u64>,
    pub(super) is_closing: bool,
    /// Until when the leases hold, where other replicas could have them afterwards. Nothing is
    /// delivered after that.
    pub(super) held_until: Option<Instant>,
}

/// A partition that is leased to this replica.
pub(super) struct Part {
    pub(super) epoch: i64,
    pub(super) window: Window,
    /// Signals the pump that there is capacity again.
    pub(super) has_capacity: Arc<Notify>,
    pub(super) pump: AbortHandle,
    /// Since when nothing more is delivered from it, since another replica is to have it.
    pub(super) leaving: Option<Instant>,
}

pub(super) struct Stream {
    pub(super) limits: Limits,
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) wake: Arc<Notify>,
    pub(super) waits_for: WaitsFor,
    /// Why it must end.
    pub(super) end: Option<Error>,
    /// Whether no one reads it any more: it is kept until the deliveries that it has are over.
    pub(super) is_detached: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitsFor {
    Nothing,
    Events,
    Capacity,
}

impl State {
    pub(super) fn end_streams(&mut self, error: &Error) {
        for stream in self.streams.values_mut() {
            stream.end.get_or_insert_with(|| error.clone());
            stream.wake.notify_one();
        }
    }

    pub(super) fn set(&mut self, subscription: &Subscription) {
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
    pub(super) fn wake(&mut self) {
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

    pub(super) fn is_ready(&self) -> bool {
        self.is_held()
            && self.parts.values().any(|part| part.leaving.is_none() && part.window.is_ready())
    }

    pub(super) fn is_held(&self) -> bool {
        self.held_until.is_none_or(|until| Instant::now() < until)
    }

    /// Gives streams back the capacity of deliveries that are over.
    pub(super) fn closed(&mut self, closed: impl IntoIterator<Item = ClosedDelivery>) {
        for ClosedDelivery { stream, bytes } in closed {
            let id = stream;
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.messages -= 1;
                stream.bytes -= bytes;
                if stream.is_detached && stream.messages == 0 {
                    self.streams.remove(&id);
                } else if stream.waits_for == WaitsFor::Capacity {
                    stream.waits_for = WaitsFor::Nothing;
                    stream.wake.notify_one();
                }
            }
        }
    }

    pub(super) fn drop_part(&mut self, part: Part) {
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
    pub(super) fn take(
        &mut self,
        id: u64,
        now: Timestamp,
    ) -> Result<Vec<(u32, i64, OutgoingEvent)>, Error> {
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
    pub(super) fn update(&mut self, update: &pb::SubscribeUpdate, now: Timestamp) {
        let mut closed = Vec::with_capacity(update.ack_ids.len() + update.nacks.len());
        for ack_id in &update.ack_ids {
            if let Some((window, AckId { id, attempt, .. })) = self.window_of(ack_id) {
                closed.extend(window.ack(id, attempt));
            }
        }
        for nack in &update.nacks {
            if let Some((window, AckId { id, attempt, .. })) = self.window_of(&nack.ack_id) {
                let failure = Failure { reason: nack.reason.clone(), is_final: nack.permanent };
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

    pub(super) fn window_of(&mut self, ack_id: &str) -> Option<(&mut Window, AckId)> {
        let ack_id = AckId::read(ack_id)?;
        let part =
            self.parts.get_mut(&ack_id.partition).filter(|part| part.epoch == ack_id.epoch)?;
        Some((&mut part.window, ack_id))
    }

    /// Returns whether a stream is gone, or kept only for the deliveries that it has.
    pub(super) fn is_detached(&self, id: u64) -> bool {
        self.streams.get(&id).is_none_or(|stream| stream.is_detached)
    }

    /// Keeps a stream that no one reads any more for as long as it has deliveries.
    pub(super) fn detach(&mut self, id: u64) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.is_detached = true;
        // No one would read that there is something for it.
        stream.waits_for = WaitsFor::Nothing;
        if stream.messages == 0 {
            self.streams.remove(&id);
        }
        self.wake();
    }

    /// Takes out the streams that no one reads any more; what they had does not count as failed.
    /// Returns whether there was any.
    pub(super) fn leave_detached(&mut self, now: Timestamp) -> bool {
        let is_detached = |(id, stream): (&u64, &Stream)| stream.is_detached.then_some(*id);
        let detached: Vec<u64> = self.streams.iter().filter_map(is_detached).collect();
        for id in &detached {
            self.leave(*id, now, false);
        }
        !detached.is_empty()
    }

    /// Takes a stream out. What it had counts as failed, unless the server itself ended the stream.
    pub(super) fn leave(&mut self, id: u64, now: Timestamp, counts: bool) {
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
