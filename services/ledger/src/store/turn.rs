//! The turn to write: one write has it at a time, and with it goes what it left, so that the next need not read it again.
//!
//! On PostgreSQL a write may pass its turn on before it commits, once its transfers are inserted: the next one decides and
//! inserts by what this one will leave, while this one still changes balances and waits for the disk. The database makes sure that
//! the next commits later, and only if this one has committed just so; otherwise it is decided anew.

use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, oneshot};

use super::memory::Memory;
use crate::party::Party;

/// How many writes wait for the one before after one has gone ahead in vain: another replica writes too.
const WARY_FOR: u32 = 32;

/// Hands out turns, one after another.
#[derive(Default)]
pub(super) struct Turns(Arc<AsyncMutex<Left>>);

/// What a write left for the next.
#[derive(Default)]
struct Left {
    memory: Memory,
    /// There while the write that leaves this is under way: it resolves when that is committed, and fails when it is not.
    before: Option<oneshot::Receiver<()>>,
    wary_for: u32,
}

impl Turns {
    /// Waits for a turn.
    pub async fn next(&self) -> Turn {
        let mut left = self.0.clone().lock_owned().await;
        let (memory, before) = (mem::take(&mut left.memory), left.before.take());
        let work = Work { left: Some(left), memory, before };
        Turn(Mutex::new(State { work: Some(work), passed_on: None, has_run: false, was_in_vain: false }))
    }
}

/// One write's turn, in all its attempts.
pub(super) struct Turn(Mutex<State>);

struct State {
    /// Between two attempts, and until the commit is known. Gone with the turn when that is passed on.
    work: Option<Work>,
    /// Tells the next that what was passed on is committed.
    passed_on: Option<oneshot::Sender<()>>,
    has_run: bool,
    was_in_vain: bool,
}

/// What an attempt has to itself.
pub(super) struct Work {
    /// None when an earlier attempt passed the turn on.
    left: Option<OwnedMutexGuard<Left>>,
    pub memory: Memory,
    before: Option<oneshot::Receiver<()>>,
}

impl Turn {
    /// Begins an attempt. What an earlier attempt remembered, or told the next, does not hold.
    pub fn begin(&self) -> Work {
        let mut state = self.0.lock();
        state.passed_on = None;
        state.was_in_vain = false;
        let mut work =
            state.work.take().unwrap_or_else(|| Work { left: None, memory: Memory::default(), before: None });
        if mem::replace(&mut state.has_run, true) {
            work.memory.forget_balances();
            work.before = None;
        } else if let Some(left) = &mut work.left {
            left.wary_for = left.wary_for.saturating_sub(1);
        }
        work
    }

    /// Ends an attempt that has not been committed yet.
    pub fn end(&self, work: Work) {
        if work.left.is_some() {
            self.0.lock().work = Some(work);
        }
    }

    /// Says that an attempt went ahead in vain. It is to be made again, and the next writes wait for those before them.
    pub fn in_vain(&self, work: &mut Work) {
        self.0.lock().was_in_vain = true;
        if let Some(left) = &mut work.left {
            left.wary_for = WARY_FOR;
        }
    }

    /// Returns whether the last attempt went ahead in vain.
    pub fn was_in_vain(&self) -> bool {
        self.0.lock().was_in_vain
    }

    /// Passes the turn on: these accounts are as this version of the book will leave them.
    pub fn pass_on(&self, work: &mut Work, parties: &[Party], version: i64) {
        let Some(mut left) = work.left.take() else { return };
        let mut memory = mem::take(&mut work.memory);
        memory.learn(parties.to_vec(), version);
        let (told, before) = oneshot::channel();
        self.0.lock().passed_on = Some(told);
        left.memory = memory;
        left.before = Some(before);
    }

    /// Ends a turn in which nothing was written.
    pub fn give_back(self) {
        if let Some(Work { left: Some(mut left), memory, before }) = self.0.into_inner().work {
            left.memory = memory;
            left.before = before;
        }
    }

    /// Ends the turn of a write that is committed: these accounts are as this version of the book left them.
    pub fn committed(&self, parties: Vec<Party>, version: i64) {
        let mut state = self.0.lock();
        if let Some(Work { left: Some(mut left), mut memory, .. }) = state.work.take() {
            memory.learn(parties, version);
            left.memory = memory;
        }
        if let Some(told) = state.passed_on.take() {
            let _ = told.send(());
        }
    }
}

impl Work {
    /// Returns whether the write before is still under way, so that there is something to gain by going ahead of it.
    pub fn may_go_ahead(&self) -> bool {
        self.before.is_some() && self.left.as_ref().is_some_and(|left| left.wary_for == 0)
    }

    /// Begins the version that the database says comes now. Returns whether the balances in memory are those of the version
    /// before; otherwise they are forgotten.
    ///
    /// The write before has ended when the database gives this one its version, so this waits for the news only.
    pub async fn begins(&mut self, version: i64) -> bool {
        let is_left = match self.before.take() {
            Some(before) => before.await.is_ok(),
            None => true,
        };
        let stands = is_left && self.memory.is_before(version);
        if !stands {
            self.memory.forget_balances();
        }
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTIES: &[Party] = &[];

    fn runs() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    /// A write that has passed its turn on, and the work of the next.
    async fn passed_on(turns: &Turns) -> (Turn, Work) {
        let first = turns.next().await;
        first.pass_on(&mut first.begin(), PARTIES, 1);
        let next = turns.next().await.begin();
        assert!(next.may_go_ahead());
        (first, next)
    }

    #[test]
    fn what_is_passed_on_stands_once_it_is_committed() {
        runs().block_on(async {
            let (first, mut next) = passed_on(&Turns::default()).await;
            first.committed(vec![], 1);
            assert!(next.begins(2).await);
        });
    }

    #[test]
    fn what_is_passed_on_falls_with_a_write_that_fails() {
        runs().block_on(async {
            let (first, mut next) = passed_on(&Turns::default()).await;
            drop(first);
            assert!(!next.begins(2).await);
        });
    }

    #[test]
    fn what_is_passed_on_falls_with_a_write_that_begins_anew() {
        runs().block_on(async {
            let (first, mut next) = passed_on(&Turns::default()).await;
            // Its second attempt decides anew, and what it commits is something else.
            first.end(first.begin());
            first.committed(vec![], 1);
            assert!(!next.begins(2).await);
        });
    }

    #[test]
    fn another_version_than_the_next_is_somebody_elses() {
        runs().block_on(async {
            let turns = Turns::default();
            let first = turns.next().await;
            let mut work = first.begin();
            assert!(!work.may_go_ahead(), "there is nobody before it");
            work.begins(7).await;
            first.end(work);
            first.committed(vec![], 7);
            assert!(turns.next().await.begin().begins(8).await);
            let turn = turns.next().await;
            let mut work = turn.begin();
            assert!(!work.begins(10).await);
            turn.in_vain(&mut work);
            assert!(turn.was_in_vain());
            drop(work);
            let turn = turns.next().await;
            turn.pass_on(&mut turn.begin(), PARTIES, 11);
            assert!(!turns.next().await.begin().may_go_ahead(), "the one before it went ahead in vain");
        });
    }
}
