//! The delivery machine of one partition for one subscription: which event may be delivered next,
//! and what an ack, a refusal or a deadline does. Pure: no async, no database, no clock of its own.
//!
//! An event that was read is in one of these states, or finished:
//!
//! ```text
//!         no key, or its key is free          take
//! read ──────────────────────────────► Ready ──────► Open ──ack──────────────────────────► finished
//!   │                                  ▲ ▲ ▲           │
//!   │ an earlier one of its key        │ │ └─give back─┤ (the server drains; no attempt is counted)
//!   └─────► Queued ─that one finishes──┘ │             │ refused, deadline passed, stream ended
//!                                        │             ▼
//!                                 due ───┴─ Waiting ◄─recorded─ Failed, or ─max attempts─► Dying ─recorded─► finished
//! ```
//!
//! A failure is recorded in the database before the event is delivered again, so that one that
//! kills its consumers, or this process with them, still comes to an end.
//!
//! **Invariant:** of the events of one key at most one is neither Queued nor finished, and it is
//! the earliest.
//!
//! What is read ahead is bounded: a key whose event waits blocks no other key until the window is
//! full of its events.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::mem;

use souk_types::Timestamp;

use crate::log::Entry;
use crate::progress::Progress;
use crate::subscription::{EventTypes, Retries};

/// Names an event in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub offset: i64,
    /// Whether it is a dead letter that is delivered again, beside what the log has at this offset.
    pub is_requeued: bool,
}

/// An event on its way to a consumer.
#[derive(Clone, Debug)]
pub struct OutgoingEvent {
    pub id: Id,
    pub entry: Entry,
    /// Which delivery it is, from 1.
    pub attempt: u32,
}

/// A delivery that is not with its consumer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedDelivery {
    pub stream: u64,
    pub bytes: usize,
}

/// What has to be written.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What is finished, with `dead` already.
    pub progress: Progress,
    /// Events that failed, and when they are due.
    pub failed: Vec<(Id, u32, Timestamp)>,
    /// Events that become dead letters.
    pub dead: Vec<Dead>,
    /// Events that had failed and are finished now.
    pub recovered: Vec<Id>,
}

/// An event that becomes a dead letter.
#[derive(Clone, Debug)]
pub struct Dead {
    pub id: Id,
    pub entry: Entry,
    pub attempts: u32,
    pub reason: String,
}

/// How a delivery failed.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// What the consumer says.
    pub reason: String,
    /// Whether it will never be handled.
    pub is_final: bool,
}

#[derive(Debug)]
struct Item {
    entry: Entry,
    lane: Option<u64>,
    /// How many deliveries have failed.
    attempts: u32,
    /// When one that failed in an earlier life is due, if it still is to come up.
    due: Option<Timestamp>,
    /// Whether the database knows of a failure.
    is_recorded: bool,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Queued,
    Ready,
    Open { stream: u64, deadline: Timestamp },
    Failed { due: Timestamp },
    Waiting { due: Timestamp },
    Dying,
}

/// See the top of this file.
pub struct Window {
    event_types: EventTypes,
    retries: Retries,
    /// What is finished. What is being recorded as dead counts from the moment that it is handed
    /// out to be written.
    progress: Progress,
    /// Everything before it was read.
    read_to: i64,
    /// What was read and is not finished.
    items: HashMap<Id, Item, Hasher>,
    bytes: usize,
    /// The events of each key that has any, in order. Keys are distinguished by a hash: two keys
    /// with the same hash wait for each other, which is unnecessary but harmless.
    lanes: HashMap<u64, VecDeque<Id>, Hasher>,
    ready: VecDeque<Id>,
    open: usize,
    /// When Open ones have to be back and Waiting ones are due.
    timers: BTreeSet<(Timestamp, Id)>,
    /// Failures of an earlier life, of events that were not read yet.
    known_failures: HashMap<i64, (u32, Timestamp)>,
    unwritten: Unwritten,
}

#[derive(Default)]
struct Unwritten {
    is_dirty: bool,
    failed: Vec<Id>,
    dead: Vec<(Id, String)>,
    recovered: Vec<Id>,
}

type Hasher = BuildHasherDefault<DefaultHasher>;

impl Window {
    /// Goes on from what was written: the progress, and the failures by offset.
    pub fn new(
        event_types: EventTypes,
        retries: Retries,
        progress: Progress,
        known_failures: HashMap<i64, (u32, Timestamp)>,
    ) -> Self {
        Window {
            event_types,
            retries,
            read_to: progress.next(),
            progress,
            items: HashMap::default(),
            bytes: 0,
            lanes: HashMap::default(),
            ready: VecDeque::new(),
            open: 0,
            timers: BTreeSet::new(),
            known_failures,
            unwritten: Unwritten::default(),
        }
    }

    /// Changes what is delivered and how failures are handled, from now on.
    pub fn set(&mut self, event_types: EventTypes, retries: Retries) {
        self.event_types = event_types;
        self.retries = retries;
    }

    /// Takes what was read. What the subscription does not want, and what was finished in an
    /// earlier life, is skipped.
    pub fn push(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let offset = entry.offset;
            if offset < self.read_to {
                continue;
            }
            // Offsets in between do not exist: their events were purged, or the engine leaves gaps.
            if offset > self.read_to {
                self.pass_over(self.read_to, offset);
            }
            self.read_to = offset + 1;
            let failure = self.known_failures.remove(&offset);
            if self.progress.contains(offset) {
                continue;
            }
            let id = Id { offset, is_requeued: false };
            if failure.is_none() && !self.event_types.matches(&entry.event.r#type) {
                self.finish_offsets(offset, offset + 1);
                continue;
            }
            self.add(id, entry, failure);
        }
    }

    fn pass_over(&mut self, from: i64, to: i64) {
        self.finish_offsets(from, to);
        if !self.known_failures.is_empty() {
            let gone = self.known_failures.extract_if(|offset, _| (from..to).contains(offset));
            self.unwritten
                .recovered
                .extend(gone.map(|(offset, _)| Id { offset, is_requeued: false }));
        }
    }

    /// Takes a dead letter that is to be delivered again. One that is here already is skipped.
    pub fn requeue(&mut self, entry: Entry, attempts: u32, due: Timestamp) {
        let id = Id { offset: entry.offset, is_requeued: true };
        if !self.items.contains_key(&id) {
            self.add(id, entry, (attempts > 0).then_some((attempts, due)));
        }
    }

    /// Returns whether an event is here.
    pub fn contains(&self, id: Id) -> bool {
        self.items.contains_key(&id)
    }

    fn add(&mut self, id: Id, entry: Entry, failure: Option<(u32, Timestamp)>) {
        let key = entry.event.ordering_key.as_str();
        let lane = (!key.is_empty()).then(|| Hasher::default().hash_one(key));
        let is_first = match lane.map(|lane| self.lanes.entry(lane)) {
            None => true,
            Some(Slot::Vacant(lane)) => {
                lane.insert(VecDeque::from([id]));
                true
            }
            // What is delivered again need not wait for all that came later.
            Some(Slot::Occupied(mut lane)) if id.is_requeued => {
                lane.get_mut().insert(1, id);
                false
            }
            Some(Slot::Occupied(mut lane)) => {
                lane.get_mut().push_back(id);
                false
            }
        };
        let (attempts, due) = failure.map_or((0, None), |(attempts, due)| (attempts, Some(due)));
        self.bytes += entry.bytes;
        let item =
            Item { entry, lane, attempts, due, is_recorded: attempts > 0, state: State::Queued };
        self.items.insert(id, item);
        if is_first {
            self.come_up(id);
        }
    }

    /// Lets an event go whose key is free.
    fn come_up(&mut self, id: Id) {
        match self.items.get_mut(&id).and_then(|item| item.due.take()) {
            Some(due) => self.wait(id, due),
            None => {
                self.set_state(id, State::Ready);
                self.ready.push_back(id);
            }
        }
    }

    /// Returns the next event that may be delivered, if `fits` lets it through, and hands it to a
    /// stream until `deadline`.
    pub fn take(
        &mut self,
        stream: u64,
        deadline: Timestamp,
        fits: impl FnOnce(&Entry) -> bool,
    ) -> Option<OutgoingEvent> {
        let id = *self.ready.front()?;
        let item = self.items.get_mut(&id).expect("what is ready is in the window");
        if !fits(&item.entry) {
            return None;
        }
        self.ready.pop_front();
        item.state = State::Open { stream, deadline };
        self.open += 1;
        self.timers.insert((deadline, id));
        Some(OutgoingEvent { id, entry: item.entry.clone(), attempt: item.attempts + 1 })
    }

    /// Finishes a delivery that was handled. One that is not open any more is skipped.
    pub fn ack(&mut self, id: Id, attempt: u32) -> Option<ClosedDelivery> {
        let closed = self.close(id, attempt)?;
        self.finish(id);
        Some(closed)
    }

    /// Takes back a delivery that failed: it waits, or dies. One that is not open any more is
    /// skipped.
    pub fn fail(
        &mut self,
        id: Id,
        attempt: u32,
        now: Timestamp,
        jitter: f64,
        failure: Failure,
    ) -> Option<ClosedDelivery> {
        let closed = self.close(id, attempt)?;
        let item = self.items.get_mut(&id).expect("it was open");
        item.attempts += 1;
        self.unwritten.is_dirty = true;
        if failure.is_final || item.attempts >= self.retries.max_attempts {
            item.state = State::Dying;
            self.unwritten.dead.push((id, failure.reason));
        } else {
            item.state = State::Failed { due: now.plus(self.retries.delay(item.attempts, jitter)) };
            self.unwritten.failed.push(id);
        }
        Some(closed)
    }

    /// Takes back a delivery without counting it, as if it had never been made.
    pub fn give_back(&mut self, id: Id, attempt: u32) -> Option<ClosedDelivery> {
        let closed = self.close(id, attempt)?;
        self.set_state(id, State::Ready);
        self.ready.push_front(id);
        Some(closed)
    }

    /// Gives a delivery until `deadline`. One that is not open any more is skipped.
    pub fn extend(&mut self, id: Id, attempt: u32, deadline: Timestamp) {
        if let Some(item) = self.items.get_mut(&id)
            && item.attempts + 1 == attempt
            && let State::Open { deadline: before, .. } = &mut item.state
        {
            self.timers.remove(&(*before, id));
            *before = deadline;
            self.timers.insert((deadline, id));
        }
    }

    /// Lets time pass: deliveries whose deadline is over have failed, events that are due may be
    /// delivered again.
    pub fn tick(&mut self, now: Timestamp, mut jitter: impl FnMut() -> f64) -> Vec<ClosedDelivery> {
        let mut closed = Vec::new();
        while let Some(&(time, id)) = self.timers.first()
            && time <= now
        {
            let item = &self.items[&id];
            if let State::Open { .. } = item.state {
                let attempt = item.attempts + 1;
                closed.extend(self.fail(id, attempt, now, jitter(), Failure::default()));
            } else {
                self.timers.pop_first();
                self.set_state(id, State::Ready);
                self.ready.push_front(id);
            }
        }
        closed
    }

    /// Returns the deliveries that are with a stream.
    pub fn open_at(&self, stream: u64) -> Vec<(Id, u32)> {
        let is_there =
            |item: &Item| matches!(item.state, State::Open { stream: at, .. } if at == stream);
        let mut open: Vec<_> = self
            .items
            .iter()
            .filter(|(_, item)| is_there(item))
            .map(|(id, item)| (*id, item.attempts + 1))
            .collect();
        // The earliest last: who gives them back, one after another, puts each in front.
        open.sort_unstable_by(|one, other| other.cmp(one));
        open
    }

    /// Returns what has to be written, if anything. It must either be stored, and then reported to
    /// [`written`](Window::written), or be given [back](Window::not_written).
    pub fn unwritten(&mut self) -> Option<Change> {
        if !self.unwritten.is_dirty {
            return None;
        }
        let Unwritten { failed, dead, recovered, .. } = mem::take(&mut self.unwritten);
        for (id, _) in &dead {
            if !id.is_requeued {
                // Written together, so that it is either finished and a dead letter or neither.
                self.progress.finish(id.offset, id.offset + 1);
            }
        }
        let failed = failed.into_iter().filter_map(|id| match &self.items.get(&id)?.state {
            State::Failed { due } => Some((id, self.items[&id].attempts, *due)),
            _ => None,
        });
        let dead = dead.into_iter().filter_map(|(id, reason)| {
            let item = self.items.get(&id)?;
            Some(Dead { id, entry: item.entry.clone(), attempts: item.attempts, reason })
        });
        Some(Change {
            failed: failed.collect(),
            dead: dead.collect(),
            recovered,
            progress: self.progress.clone(),
        })
    }

    /// Goes on with what rested on a change that is durable now.
    pub fn written(&mut self, change: Change) {
        for (id, _, due) in change.failed {
            if let Some(item) = self.items.get_mut(&id) {
                item.is_recorded = true;
                self.wait(id, due);
            }
        }
        for dead in change.dead {
            self.remove(dead.id);
        }
    }

    /// Takes back a change that could not be written.
    pub fn not_written(&mut self, change: Change) {
        self.unwritten.is_dirty = true;
        self.unwritten.failed.splice(..0, change.failed.into_iter().map(|(id, ..)| id));
        self.unwritten.dead.splice(..0, change.dead.into_iter().map(|dead| (dead.id, dead.reason)));
        self.unwritten.recovered.splice(..0, change.recovered);
    }

    /// Returns whether something waits to be written that deliveries wait for.
    pub fn is_urgent(&self) -> bool {
        !self.unwritten.failed.is_empty() || !self.unwritten.dead.is_empty()
    }

    /// Returns whether something waits to be written.
    pub fn is_dirty(&self) -> bool {
        self.unwritten.is_dirty
    }

    /// Returns whether an event may be delivered now.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Returns how many events are with consumers.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Returns how many events are held, and their bytes.
    pub fn held(&self) -> (usize, usize) {
        (self.items.len(), self.bytes)
    }

    /// Returns how far the subscription has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Returns when the log took the oldest event that is held.
    pub fn oldest(&self) -> Option<Timestamp> {
        let log = self.items.iter().filter(|(id, _)| !id.is_requeued);
        log.map(|(_, item)| item.entry.publish_time).min()
    }

    /// Ends a delivery, if this is the open one. The caller decides the outcome of the event.
    fn close(&mut self, id: Id, attempt: u32) -> Option<ClosedDelivery> {
        let item = self.items.get(&id)?;
        let State::Open { stream, deadline } = item.state else { return None };
        if item.attempts + 1 != attempt {
            return None;
        }
        self.timers.remove(&(deadline, id));
        self.open -= 1;
        Some(ClosedDelivery { stream, bytes: item.entry.bytes })
    }

    fn finish(&mut self, id: Id) {
        self.unwritten.is_dirty = true;
        if id.is_requeued || self.items[&id].is_recorded {
            self.unwritten.recovered.push(id);
        }
        if !id.is_requeued {
            self.finish_offsets(id.offset, id.offset + 1);
        }
        self.remove(id);
    }

    fn finish_offsets(&mut self, from: i64, to: i64) {
        self.progress.finish(from, to);
        self.unwritten.is_dirty = true;
    }

    /// Takes an event out of the window; the next of its key may go.
    fn remove(&mut self, id: Id) {
        let Some(item) = self.items.remove(&id) else { return };
        self.bytes -= item.entry.bytes;
        let Some(lane) = item.lane else { return };
        let Slot::Occupied(mut queue) = self.lanes.entry(lane) else { return };
        queue.get_mut().pop_front();
        match queue.get().front().copied() {
            Some(next) => self.come_up(next),
            None => drop(queue.remove()),
        }
    }

    fn wait(&mut self, id: Id, due: Timestamp) {
        self.set_state(id, State::Waiting { due });
        self.timers.insert((due, id));
    }

    fn set_state(&mut self, id: Id, state: State) {
        self.items.get_mut(&id).expect("it is in the window").state = state;
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
