//! Accounts as the last write left them, so that the next need not read them.
//!
//! The number of an account never changes, so every replica may cache it. Its balance may be cached
//! as long as no other replica has written: on SQLite, which one process owns, always; on
//! PostgreSQL while the version of the book is the one of our last write.

use std::collections::{BTreeSet, HashMap};

use souk_types::AccountId;

use crate::account::AccountNumber;
use crate::party::Party;

/// How many accounts are cached; beyond that the cache is emptied. About 20 MB.
const CAPACITY: usize = 100_000;

/// Accounts as the last write left them, and the version of the book that it made.
#[derive(Default)]
pub struct AccountCache {
    numbers: HashMap<AccountId, AccountNumber>,
    parties: HashMap<AccountNumber, Party>,
    version: i64,
}

impl AccountCache {
    /// Returns the version of the next write, if no other replica writes.
    pub fn next_version(&self) -> i64 {
        self.version + 1
    }

    /// Removes what others may have changed.
    pub fn clear_balances(&mut self) {
        self.parties.clear();
    }

    /// Returns these accounts if all of them are cached.
    pub fn get_all(&self, ids: &BTreeSet<AccountId>) -> Option<Vec<Party>> {
        ids.iter().map(|id| self.parties.get(self.numbers.get(id)?).cloned()).collect()
    }

    /// Returns the numbers that are cached, and the ids whose numbers are not.
    pub fn numbers(&self, ids: &BTreeSet<AccountId>) -> (BTreeSet<AccountNumber>, Vec<AccountId>) {
        let mut cached = BTreeSet::new();
        let mut missing = Vec::new();
        for id in ids {
            match self.numbers.get(id) {
                Some(number) => {
                    cached.insert(*number);
                }
                None => missing.push(*id),
            }
        }
        (cached, missing)
    }

    /// Returns the accounts that are cached, and the numbers of those that are not, in order.
    pub fn parties(&self, numbers: &BTreeSet<AccountNumber>) -> (Vec<Party>, Vec<AccountNumber>) {
        let mut cached = Vec::with_capacity(numbers.len());
        let mut missing = Vec::new();
        for number in numbers {
            match self.parties.get(number) {
                Some(party) => cached.push(party.clone()),
                None => missing.push(*number),
            }
        }
        (cached, missing)
    }

    /// Caches accounts as the write that made this version left them.
    pub fn store(&mut self, parties: Vec<Party>, version: i64) {
        self.version = version;
        if self.numbers.len() + parties.len() > CAPACITY {
            self.numbers.clear();
            self.parties.clear();
        }
        for party in parties {
            self.numbers.insert(party.id, party.number);
            self.parties.insert(party.number, party);
        }
    }
}
