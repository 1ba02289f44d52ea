//! Gathers the calls that wait into one write: many small calls cost little more than one, and hot accounts are locked
//! once for all of them. Nothing waits for company: a call that finds nobody writing goes at once.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Db, Error, Tx};
use souk_types::Timestamp;
use tokio::sync::oneshot;

use super::ATTEMPTS;
use super::turn::{Turn, Turns};
use super::write::{self, Written};
use crate::transfer::NewTransfer;

/// How many transfers one write creates at most, but for a single call's own.
const TRANSFERS_AT_A_TIME: usize = 8190;

pub(super) struct Gather {
    db: Db,
    waiting: Mutex<VecDeque<Waiting>>,
    turns: Turns,
}

struct Waiting {
    batch: Vec<NewTransfer>,
    now: Timestamp,
    reply: oneshot::Sender<Result<Vec<Status>, Error>>,
}

impl Gather {
    pub fn new(db: Db) -> Self {
        Gather { db, waiting: Mutex::default(), turns: Turns::default() }
    }

    /// Creates a batch, together with others that wait; returns a status for each transfer.
    pub async fn create(self: &Arc<Self>, batch: Vec<NewTransfer>, now: Timestamp) -> Result<Vec<Status>, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.waiting.lock().push_back(Waiting { batch, now, reply });
        loop {
            let turn = tokio::select! {
                biased;
                result = &mut answer => return result.unwrap_or_else(|_| Err(lost())),
                turn = self.turns.next() => turn,
            };
            let group = self.take_group();
            if group.is_empty() {
                // Somebody else took this call along.
                turn.give_back();
                return answer.await.unwrap_or_else(|_| Err(lost()));
            }
            // In a task of its own: a caller that goes away must not take the answers of the others along.
            tokio::spawn(self.clone().write_group(group, turn));
        }
    }

    /// Expires up to `limit` pending transfers that are due; returns how many were.
    pub async fn expire(&self, now: Timestamp, limit: i64) -> Result<usize, Error> {
        // Replicas that only look must not take turns with those that write.
        if !write::is_any_due(&self.db.read(), now).await? {
            return Ok(0);
        }
        let turn = Arc::new(self.turns.next().await);
        let write = move |tx: Tx, turn: Arc<Turn>| async move { write::expire(&tx, &turn, now, limit).await };
        let mut attempt = 1;
        loop {
            match self.write(turn.clone(), write).await {
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

    async fn write_group(self: Arc<Self>, group: Vec<Waiting>, turn: Turn) {
        let now = group.iter().map(|waiting| waiting.now).max().expect("a group is never empty");
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.batch, waiting.reply)).unzip();
        let result = self.write_batches(turn, batches, now).await;
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

    async fn write_batches(
        &self,
        turn: Turn,
        batches: Vec<Vec<NewTransfer>>,
        now: Timestamp,
    ) -> Result<Vec<Vec<Status>>, Error> {
        let (turn, batches) = (Arc::new(turn), Arc::new(batches));
        let (mut attempt, mut is_certain) = (1, false);
        loop {
            let batches = batches.clone();
            let write = move |tx: Tx, turn: Arc<Turn>| {
                let batches = batches.clone();
                async move { write::create(&tx, &turn, &batches, now, is_certain).await }
            };
            match self.write(turn.clone(), write).await {
                // An id is known already, or another write took it in the meantime.
                Err(error) if error.is_unique_violation() && attempt < ATTEMPTS => is_certain = true,
                Err(_) if turn.was_in_vain() && attempt < ATTEMPTS => {}
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Runs a write, and lets its turn know when it is committed.
    async fn write<F, Fut, T>(&self, turn: Arc<Turn>, write: F) -> Result<T, Error>
    where
        F: Fn(Tx, Arc<Turn>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Written<T>, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let lent = turn.clone();
        let written = self.db.write_locked(move |tx: Tx| write(tx, lent.clone())).await?;
        turn.committed(written.parties, written.version);
        Ok(written.value)
    }
}

/// The task that wrote ended without an answer: the process is stopping, or it panicked.
fn lost() -> Error {
    Error::Unavailable("the write was cut off".into())
}
