//! Tickets: one write holds the ticket at a time, and hands its account cache over with it, so that
//! the next write need not read those accounts again.
//!
//! On PostgreSQL a write releases its ticket early: once its transfers are inserted, before it
//! commits. The next one speculates: it decides and inserts by what its predecessor is about to
//! leave, while that one still changes balances and waits for the disk. The database makes sure
//! that it commits later than its predecessor, and the version of the book shows whether that one
//! committed what it had promised; otherwise the speculation has failed, and the write runs again
//! without.

use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, oneshot};

use super::account_cache::AccountCache;
use crate::party::Party;

/// How many writes do not speculate after a speculation has failed: another replica writes too.
const BACKOFF_WRITES: u32 = 32;

/// Issues tickets, one after another.
#[derive(Default)]
pub struct Tickets(Arc<AsyncMutex<Handover>>);

/// What a write leaves for the next.
#[derive(Default)]
struct Handover {
    cache: AccountCache,
    /// Set while the write that filled the cache is in progress: resolves when it commits, and
    /// fails when it does not.
    predecessor: Option<oneshot::Receiver<()>>,
    /// How many more writes do not speculate.
    backoff_writes: u32,
}

impl Tickets {
    /// Waits for the ticket.
    pub async fn next(&self) -> Ticket {
        let mut handover = self.0.clone().lock_owned().await;
        let cache = mem::take(&mut handover.cache);
        let predecessor = handover.predecessor.take();
        let attempt = Attempt { handover: Some(handover), cache, predecessor };
        Ticket(Mutex::new(State {
            attempt: Some(attempt),
            successor: None,
            has_run: false,
            speculation_failed: false,
        }))
    }
}

/// The ticket of one write, for all its attempts.
pub struct Ticket(Mutex<State>);

struct State {
    /// Set between two attempts, and until the commit is known. Gone once the ticket is released.
    attempt: Option<Attempt>,
    /// Signals the next write that what it speculates on is committed.
    successor: Option<oneshot::Sender<()>>,
    has_run: bool,
    speculation_failed: bool,
}

/// What an attempt of a write has to itself.
pub struct Attempt {
    /// None when an earlier attempt released the ticket.
    handover: Option<OwnedMutexGuard<Handover>>,
    pub cache: AccountCache,
    predecessor: Option<oneshot::Receiver<()>>,
}

impl Ticket {
    /// Begins an attempt. What an earlier attempt cached, or promised the next write, no longer
    /// holds.
    pub fn begin(&self) -> Attempt {
        let mut state = self.0.lock();
        state.successor = None;
        state.speculation_failed = false;
        let released =
            || Attempt { handover: None, cache: AccountCache::default(), predecessor: None };
        let mut attempt = state.attempt.take().unwrap_or_else(released);
        if mem::replace(&mut state.has_run, true) {
            attempt.cache.clear_balances();
            attempt.predecessor = None;
        } else if let Some(handover) = &mut attempt.handover {
            handover.backoff_writes = handover.backoff_writes.saturating_sub(1);
        }
        attempt
    }

    /// Ends an attempt that is not committed yet.
    pub fn end(&self, attempt: Attempt) {
        if attempt.handover.is_some() {
            self.0.lock().attempt = Some(attempt);
        }
    }

    /// Notes that the speculation of an attempt has failed. The write is to run again, and the next
    /// ones do not speculate.
    pub fn fail_speculation(&self, attempt: &mut Attempt) {
        self.0.lock().speculation_failed = true;
        if let Some(handover) = &mut attempt.handover {
            handover.backoff_writes = BACKOFF_WRITES;
        }
    }

    /// Returns whether the speculation of the last attempt failed.
    pub fn speculation_failed(&self) -> bool {
        self.0.lock().speculation_failed
    }

    /// Releases the ticket before the commit: these accounts are as this version of the book will
    /// leave them.
    pub fn release_early(&self, attempt: &mut Attempt, parties: &[Party], version: i64) {
        let Some(mut handover) = attempt.handover.take() else { return };
        let mut cache = mem::take(&mut attempt.cache);
        cache.store(parties.to_vec(), version);
        let (successor, predecessor) = oneshot::channel();
        self.0.lock().successor = Some(successor);
        handover.cache = cache;
        handover.predecessor = Some(predecessor);
    }

    /// Releases a ticket with which nothing was written.
    pub fn return_unused(self) {
        if let Some(Attempt { handover: Some(mut handover), cache, predecessor }) =
            self.0.into_inner().attempt
        {
            handover.cache = cache;
            handover.predecessor = predecessor;
        }
    }

    /// Releases the ticket of a write that is committed, unless it has done so early: these
    /// accounts are as this version of the book left them.
    pub fn commit(&self, parties: Vec<Party>, version: i64) {
        let mut state = self.0.lock();
        if let Some(Attempt { handover: Some(mut handover), mut cache, .. }) = state.attempt.take()
        {
            cache.store(parties, version);
            handover.cache = cache;
        }
        if let Some(successor) = state.successor.take() {
            let _ = successor.send(());
        }
    }
}

impl Attempt {
    /// Returns whether the predecessor is still in progress, so that there is something to gain by
    /// speculation.
    pub fn can_speculate(&self) -> bool {
        self.predecessor.is_some()
            && self.handover.as_ref().is_some_and(|handover| handover.backoff_writes == 0)
    }

    /// Takes the version of the book that the database gives this write. Returns whether the cached
    /// balances are those of the version before; otherwise they are removed.
    ///
    /// The predecessor has ended when the database gives this write its version, so this waits for
    /// the news only.
    pub async fn confirm(&mut self, version: i64) -> bool {
        let is_committed = match self.predecessor.take() {
            Some(predecessor) => predecessor.await.is_ok(),
            None => true,
        };
        let holds = is_committed && self.cache.next_version() == version;
        if !holds {
            self.cache.clear_balances();
        }
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTIES: &[Party] = &[];

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    /// A write that has released its ticket early, and the attempt of the next.
    async fn released(tickets: &Tickets) -> (Ticket, Attempt) {
        let first = tickets.next().await;
        first.release_early(&mut first.begin(), PARTIES, 1);
        let next = tickets.next().await.begin();
        assert!(next.can_speculate());
        (first, next)
    }

    #[test]
    fn speculation_holds_once_the_predecessor_is_committed() {
        runtime().block_on(async {
            let (first, mut next) = released(&Tickets::default()).await;
            first.commit(vec![], 1);
            assert!(next.confirm(2).await);
        });
    }

    #[test]
    fn speculation_fails_with_a_predecessor_that_fails() {
        runtime().block_on(async {
            let (first, mut next) = released(&Tickets::default()).await;
            drop(first);
            assert!(!next.confirm(2).await);
        });
    }

    #[test]
    fn speculation_fails_with_a_predecessor_that_runs_again() {
        runtime().block_on(async {
            let (first, mut next) = released(&Tickets::default()).await;
            // Its second attempt decides once more, and what it commits is something else.
            first.end(first.begin());
            first.commit(vec![], 1);
            assert!(!next.confirm(2).await);
        });
    }

    #[test]
    fn another_version_than_the_next_is_somebody_elses() {
        runtime().block_on(async {
            let tickets = Tickets::default();
            let first = tickets.next().await;
            let mut attempt = first.begin();
            assert!(!attempt.can_speculate(), "it has no predecessor");
            attempt.confirm(7).await;
            first.end(attempt);
            first.commit(vec![], 7);
            assert!(tickets.next().await.begin().confirm(8).await);
            let ticket = tickets.next().await;
            let mut attempt = ticket.begin();
            assert!(!attempt.confirm(10).await);
            ticket.fail_speculation(&mut attempt);
            assert!(ticket.speculation_failed());
            drop(attempt);
            let ticket = tickets.next().await;
            ticket.release_early(&mut ticket.begin(), PARTIES, 11);
            assert!(
                !tickets.next().await.begin().can_speculate(),
                "the speculation before it failed"
            );
        });
    }
}
