//! Where transfers come from: between two accounts at random, in whole.

use std::sync::Arc;

use souk_client::ledger::v1 as pb;
use souk_types::{AccountId, Clock, TransferId};

const LEDGER: u32 = 1;
const CODE: u32 = 1;

/// Makes transfers; clones share the accounts.
#[derive(Clone)]
pub struct Source {
    accounts: Arc<Vec<String>>,
}

impl Source {
    /// Picks ids for this many accounts.
    pub fn new(accounts: usize) -> Source {
        let now = Clock::system().now();
        Source {
            accounts: Arc::new((0..accounts).map(|_| AccountId::new(now).to_string()).collect()),
        }
    }

    /// Returns the ledger, to be created first.
    pub fn ledger(&self) -> pb::Ledger {
        pb::Ledger { ledger: LEDGER, currency_code: "GBP".to_owned(), ..Default::default() }
    }

    /// Returns the accounts, to be created.
    pub fn accounts(&self) -> Vec<pb::NewAccount> {
        let account = |id: &String| pb::NewAccount {
            account_id: id.clone(),
            ledger: LEDGER,
            code: CODE,
            ..Default::default()
        };
        self.accounts.iter().map(account).collect()
    }

    /// Returns new transfers.
    pub fn batch(&self, size: usize) -> Vec<pb::NewTransfer> {
        let now = Clock::system().now();
        (0..size).map(|_| self.transfer(now)).collect()
    }

    fn transfer(&self, now: souk_types::Timestamp) -> pb::NewTransfer {
        let (debit, credit) = two_of(self.accounts.len());
        pb::NewTransfer {
            transfer_id: TransferId::new(now).to_string(),
            debit_account_id: self.accounts[debit].clone(),
            credit_account_id: self.accounts[credit].clone(),
            amount: rand::random_range(1..1_000),
            ledger: LEDGER,
            code: CODE,
            ..Default::default()
        }
    }
}

/// Returns two different numbers below `count`.
pub fn two_of(count: usize) -> (usize, usize) {
    let first = rand::random_range(0..count);
    (first, (first + rand::random_range(1..count)) % count)
}
