//! Gathers the calls that wait into one write: many small calls cost little more than one, and hot accounts are locked
//! once for all of them. Nothing waits for company: a call that finds nobody writing goes at once.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Db, Error, Tx};
use souk_types::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ATTEMPTS;
use super::memory::Memory;
use super::write::{self, Written};
use crate::transfer::NewTransfer;

/// How many transfers one write creates at most, but for a single call's own.
const TRANSFERS_AT_A_TIME: usize = 8190;

pub(super) struct Gather {
    db: Db,
    waiting: Mutex<VecDeque<Waiting>>,
    /// One write at a time: see [`Memory`].
    permits: Arc<Semaphore>,
    /// Taken out by a write that might change balances, and put back when it is committed: what a failed write may
    /// have left behind is never remembered.
    memory: Mutex<Arc<Mutex<Memory>>>,
}

struct Waiting {
    batch: Vec<NewTransfer>,
    now: Timestamp,
    reply: oneshot::Sender<Result<Vec<Status>, Error>>,
}

impl Gather {
    pub fn new(db: Db) -> Self {
        Gather { db, waiting: Mutex::default(), permits: Arc::new(Semaphore::new(1)), memory: Mutex::default() }
    }

    /// Creates a batch, together with others that wait; returns a status for each transfer.
    pub async fn create(self: &Arc<Self>, batch: Vec<NewTransfer>, now: Timestamp) -> Result<Vec<Status>, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.waiting.lock().push_back(Waiting { batch, now, reply });
        loop {
            let permit = tokio::select! {
                biased;
                result = &mut answer => return result.unwrap_or_else(|_| Err(lost())),
                permit = self.permits.clone().acquire_owned() => permit.expect("the semaphore is never closed"),
            };
            let group = self.take_group();
            if group.is_empty() {
                // Somebody else took this call along.
                drop(permit);
                return answer.await.unwrap_or_else(|_| Err(lost()));
            }
            // In a task of its own: a caller that goes away must not take the answers of the others along.
            tokio::spawn(self.clone().write_group(group, permit));
        }
    }

    /// Expires up to `limit` pending transfers that are due; returns how many were.
    pub async fn expire(&self, now: Timestamp, limit: i64) -> Result<usize, Error> {
        // Replicas that only look must not take turns with those that write.
        if !write::is_any_due(&self.db.read(), now).await? {
            return Ok(0);
        }
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut attempt = 1;
        loop {
            let result = self
                .remembering(move |tx: Tx, memory| async move { write::expire(&tx, &memory, now, limit).await })
                .await;
            match result {
                Err(error) if error.is_unique_violation() && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Takes those who wait, the first first, as far as they fit. Those who have gone away are passed over.
    fn take_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock();
        let (mut group, mut transfers) = (Vec::new(), 0);
        while let Some(next) = waiting.front() {
            if !group.is_empty() && transfers + next.batch.len() > TRANSFERS_AT_A_TIME {
                break;
            }
            let next = waiting.pop_front().expect("it was looked at");
            if !next.reply.is_closed() {
                transfers += next.batch.len();
                group.push(next);
            }
        }
        group
    }

    async fn write_group(self: Arc<Self>, group: Vec<Waiting>, permit: OwnedSemaphorePermit) {
        let now = group.iter().map(|waiting| waiting.now).max().expect("a group is never empty");
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.batch, waiting.reply)).unzip();
        let result = self.write_batches(batches, now).await;
        drop(permit);
        match result {
            Ok(statuses) => {
                for (reply, statuses) in replies.into_iter().zip(statuses) {
                    let _ = reply.send(Ok(statuses));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    async fn write_batches(&self, batches: Vec<Vec<NewTransfer>>, now: Timestamp) -> Result<Vec<Vec<Status>>, Error> {
        let batches = Arc::new(batches);
        let mut attempt = 1;
        loop {
            let (batches, is_certain) = (batches.clone(), attempt > 1);
            let result = self
                .remembering(move |tx: Tx, memory| {
                    let batches = batches.clone();
                    async move { write::create(&tx, &memory, &batches, now, is_certain).await }
                })
                .await;
            match result {
                // An id is known already, or another write took it in the meantime.
                Err(error) if error.is_unique_violation() && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Runs a write with what is remembered, and remembers what it left when it is committed.
    async fn remembering<F, Fut, T>(&self, write: F) -> Result<T, Error>
    where
        F: Fn(Tx, Arc<Mutex<Memory>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Written<T>, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let memory = std::mem::take(&mut *self.memory.lock());
        let lent = memory.clone();
        let written = self.db.write_locked(move |tx: Tx| write(tx, lent.clone())).await?;
        memory.lock().learn(written.parties, written.version);
        *self.memory.lock() = memory;
        Ok(written.value)
    }
}

/// The task that wrote ended without an answer: the process is stopping, or it panicked.
fn lost() -> Error {
    Error::Unavailable("the write was cut off".into())
}
