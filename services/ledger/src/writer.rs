//! Writes transfers by group commit: waiting calls share one write, so that many small calls cost
//! little more than one, and hot accounts are changed once for all of them. No call waits for
//! others to arrive: one that finds no write in progress starts at once.

mod account_cache;
mod ticket;
mod transaction;

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Error};
use souk_types::Timestamp;
use tokio::sync::oneshot;

use crate::book::Verdict;
use crate::store;
use crate::transfer::NewTransfer;
use ticket::{Ticket, Tickets};
use transaction::{Batches, Expiry, Outcome};

/// How often a write is attempted before it fails.
const ATTEMPTS: u32 = 8;

/// How many transfers one write creates at most, unless a single call asks for more.
const MAX_TRANSFERS: usize = 8190;

/// Writes transfers, and holds what one write leaves for the next.
pub struct Writer {
    db: Db,
    queue: Mutex<VecDeque<QueuedCall>>,
    tickets: Tickets,
}

/// A call that waits for a write.
struct QueuedCall {
    batch: Vec<NewTransfer>,
    now: Timestamp,
    reply: oneshot::Sender<Result<Vec<Verdict>, Error>>,
}

impl Writer {
    /// Returns the writer of a database; there is one in a process.
    pub fn new(db: Db) -> Self {
        Writer { db, queue: Mutex::default(), tickets: Tickets::default() }
    }

    /// Creates a batch, together with others that wait; returns a verdict for each transfer.
    pub async fn create(
        self: &Arc<Self>,
        batch: Vec<NewTransfer>,
        now: Timestamp,
    ) -> Result<Vec<Verdict>, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.queue.lock().push_back(QueuedCall { batch, now, reply });
        loop {
            let ticket = tokio::select! {
                biased;
                result = &mut answer => return result.unwrap_or_else(|_| Err(lost())),
                ticket = self.tickets.next() => ticket,
            };
            let group = self.take_group();
            if group.is_empty() {
                // Another call has taken this one along.
                ticket.return_unused();
                return answer.await.unwrap_or_else(|_| Err(lost()));
            }
            // In a task of its own: a caller that goes away must not take the responses of the
            // others along.
            tokio::spawn(self.clone().write_group(group, ticket));
        }
    }

    /// Expires up to `limit` pending transfers whose timeout has passed; returns how many were due.
    pub async fn expire(&self, now: Timestamp, limit: i64) -> Result<usize, Error> {
        // Replicas that find nothing to do must not hold up those that write.
        if store::due::list(&self.db.read(), now, 1).await?.is_empty() {
            return Ok(0);
        }
        let ticket = Arc::new(self.tickets.next().await);
        let mut attempt = 1;
        loop {
            let expiry = Expiry { ticket: ticket.clone(), now, limit };
            match self.db.write(ReadCommitted, expiry, transaction::expire).await {
                Err(error) if error.is_unique_violation() && attempt < ATTEMPTS => attempt += 1,
                result => return result.map(|outcome| commit(&ticket, outcome)),
            }
        }
    }

    /// Takes the calls that have waited longest, as many as one write creates. Those whose caller
    /// has gone away are left out.
    fn take_group(&self) -> Vec<QueuedCall> {
        let mut queue = self.queue.lock();
        let mut group = Vec::new();
        let mut transfers = 0;
        while let Some(next) = queue.front() {
            if !group.is_empty() && transfers + next.batch.len() > MAX_TRANSFERS {
                break;
            }
            let next = queue.pop_front().expect("the queue is not empty");
            if !next.reply.is_closed() {
                transfers += next.batch.len();
                group.push(next);
            }
        }
        group
    }

    async fn write_group(self: Arc<Self>, group: Vec<QueuedCall>, ticket: Ticket) {
        let now = group.iter().map(|call| call.now).max().expect("a group is never empty");
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|call| (call.batch, call.reply)).unzip();
        match self.write_batches(ticket, batches, now).await {
            Ok(verdicts) => {
                for (reply, verdicts) in replies.into_iter().zip(verdicts) {
                    let _ = reply.send(Ok(verdicts));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    async fn write_batches(
        &self,
        ticket: Ticket,
        batches: Vec<Vec<NewTransfer>>,
        now: Timestamp,
    ) -> Result<Vec<Vec<Verdict>>, Error> {
        let ticket = Arc::new(ticket);
        let batches = Arc::new(batches);
        let mut look_up_ids = false;
        let mut attempt = 1;
        loop {
            let input =
                Batches { ticket: ticket.clone(), batches: batches.clone(), now, look_up_ids };
            match self.db.write(ReadCommitted, input, transaction::create).await {
                // An id is known already, or another write took it in the meantime.
                Err(error) if error.is_unique_violation() && attempt < ATTEMPTS => {
                    look_up_ids = true
                }
                Err(_) if ticket.speculation_failed() && attempt < ATTEMPTS => {}
                result => return result.map(|outcome| commit(&ticket, outcome)),
            }
            attempt += 1;
        }
    }
}

/// Passes on what a committed write left, and returns its response.
fn commit<T>(ticket: &Ticket, outcome: Outcome<T>) -> T {
    ticket.commit(outcome.parties, outcome.version);
    outcome.value
}

/// The task that wrote ended without a response: the process is stopping, or it panicked.
fn lost() -> Error {
    Error::Unavailable("the write was interrupted".into())
}
