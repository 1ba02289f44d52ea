//! Replaying the log: what a slice of the accounts must hold, computed from transfers alone. Shares
//! nothing with the book.

use souk_types::Timestamp;

use crate::account::AccountNumber;
use crate::balance::{Balance, Change, Side};

/// What replaying gave for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayedAccount {
    pub balance: Balance,
    pub transfer_count: i64,
    pub last_sequence: i64,
    pub last_time: Timestamp,
    /// A transfer did not name the one before it in this account's history, or was recorded before
    /// it.
    pub is_torn: bool,
}

const NOTHING: ReplayedAccount = ReplayedAccount {
    balance: Balance { debits_pending: 0, debits_posted: 0, credits_pending: 0, credits_posted: 0 },
    transfer_count: 0,
    last_sequence: 0,
    last_time: Timestamp::from_micros(i64::MIN),
    is_torn: false,
};

/// Holds the replayed accounts `first` to `first + count - 1`; others are skipped.
pub struct Replay {
    first: AccountNumber,
    accounts: Vec<ReplayedAccount>,
    count: i64,
}

impl Replay {
    /// Starts with nothing.
    pub fn new(first: AccountNumber, count: i64) -> Self {
        Replay { first, accounts: Vec::new(), count }
    }

    /// Returns the first account of the slice.
    pub fn first(&self) -> AccountNumber {
        self.first
    }

    /// Returns the last account of the slice.
    pub fn end(&self) -> AccountNumber {
        self.first + self.count - 1
    }

    /// Adds one side of one transfer. Transfers come in the order of their sequence.
    pub fn add(
        &mut self,
        account: AccountNumber,
        side: Side,
        change: Change,
        sequence: i64,
        previous: i64,
        time: Timestamp,
    ) {
        if account < self.first || account > self.end() {
            return;
        }
        let index = (account - self.first) as usize;
        if index >= self.accounts.len() {
            self.accounts.resize(index + 1, NOTHING);
        }
        let replayed = &mut self.accounts[index];
        replayed.balance.apply(side, change);
        replayed.transfer_count += 1;
        replayed.is_torn |= replayed.last_sequence != previous || replayed.last_time > time;
        replayed.last_sequence = sequence;
        replayed.last_time = time;
    }

    /// Returns what an account of the slice must hold.
    pub fn get(&self, account: AccountNumber) -> &ReplayedAccount {
        self.accounts.get((account - self.first) as usize).unwrap_or(&NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: Change = Change { pending: 0, posted: 5 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_slice_adds_up_its_own_accounts_only() {
        let mut replay = Replay::new(10, 3);
        replay.add(9, Side::Debit, SINGLE, 1, 0, at(1));
        replay.add(12, Side::Credit, SINGLE, 1, 0, at(1));
        replay.add(12, Side::Debit, SINGLE, 2, 1, at(1));
        replay.add(13, Side::Credit, SINGLE, 2, 0, at(1));
        let replayed = replay.get(12);
        assert_eq!((replayed.balance.debits_posted, replayed.balance.credits_posted), (5, 5));
        assert_eq!(
            (replayed.transfer_count, replayed.last_sequence, replayed.is_torn),
            (2, 2, false)
        );
        assert_eq!(replay.get(10), &NOTHING);
    }

    #[test]
    fn a_history_with_a_wrong_link_or_a_step_back_in_time_is_torn() {
        let mut replay = Replay::new(1, 2);
        replay.add(1, Side::Debit, SINGLE, 1, 0, at(1));
        replay.add(1, Side::Debit, SINGLE, 3, 2, at(1));
        replay.add(2, Side::Debit, SINGLE, 1, 0, at(2));
        replay.add(2, Side::Debit, SINGLE, 2, 1, at(1));
        assert!(replay.get(1).is_torn && replay.get(2).is_torn);
    }
}
