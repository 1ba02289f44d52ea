//! What is remembered between writes, so that it is not read again.
//!
//! The number of an account never changes, so every replica may remember it. Its balance may be remembered as long as
//! nobody else has written: on SQLite, which one process has for itself, for ever; on PostgreSQL while the version of the
//! book is the one that our last write left.

use std::collections::{BTreeSet, HashMap};

use souk_types::AccountId;

use crate::account::AccountNumber;
use crate::party::Party;

/// How many accounts are remembered; beyond that everything is forgotten. About 20 MB.
const ACCOUNTS: usize = 100_000;

/// Accounts as the last write left them.
#[derive(Default)]
pub(super) struct Memory {
    numbers: HashMap<AccountId, AccountNumber>,
    parties: HashMap<AccountNumber, Party>,
    version: i64,
}

impl Memory {
    /// Returns whether what is remembered is what the version before this one left.
    pub fn is_before(&self, version: i64) -> bool {
        self.next_version() == version
    }

    /// Returns the version that the next write makes, if nobody else writes.
    pub fn next_version(&self) -> i64 {
        self.version + 1
    }

    /// Forgets what others may have changed.
    pub fn forget_balances(&mut self) {
        self.parties.clear();
    }

    /// Returns these accounts if all of them are remembered.
    pub fn all(&self, ids: &BTreeSet<AccountId>) -> Option<Vec<Party>> {
        ids.iter().map(|id| self.parties.get(self.numbers.get(id)?).cloned()).collect()
    }

    /// Returns the numbers that are known, and the ids that are not.
    pub fn numbers(&self, ids: &BTreeSet<AccountId>) -> (BTreeSet<AccountNumber>, Vec<AccountId>) {
        let (mut known, mut unknown) = (BTreeSet::new(), Vec::new());
        for id in ids {
            match self.numbers.get(id) {
                Some(number) => {
                    known.insert(*number);
                }
                None => unknown.push(*id),
            }
        }
        (known, unknown)
    }

    /// Returns the accounts that are known, and the numbers of those that are not, in order.
    pub fn parties(&self, numbers: &BTreeSet<AccountNumber>) -> (Vec<Party>, Vec<AccountNumber>) {
        let (mut known, mut unknown) = (Vec::with_capacity(numbers.len()), Vec::new());
        for number in numbers {
            match self.parties.get(number) {
                Some(party) => known.push(party.clone()),
                None => unknown.push(*number),
            }
        }
        (known, unknown)
    }

    /// Remembers accounts as the write that made this version, and is committed, left them.
    pub fn learn(&mut self, parties: Vec<Party>, version: i64) {
        self.version = version;
        if self.numbers.len() + parties.len() > ACCOUNTS {
            self.numbers.clear();
            self.parties.clear();
        }
        for party in parties {
            self.numbers.insert(party.id, party.number);
            self.parties.insert(party.number, party);
        }
    }
}
