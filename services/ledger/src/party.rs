//! An account as the rules see it, and a transfer between two of them. Pure.

use souk_types::{AccountId, Timestamp};

use crate::account::{AccountFlags, AccountNumber};
use crate::balance::Balance;
use crate::transfer::Transfer;

/// What the rules need to know of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub number: AccountNumber,
    pub id: AccountId,
    pub ledger: u32,
    pub flags: AccountFlags,
    pub balance: Balance,
    pub transfer_count: i64,
    pub last_sequence: i64,
    /// The create_time of its last transfer; that of later ones never falls behind it.
    pub last_time: Timestamp,
}

/// A transfer that the batch created, and the indexes of its accounts in the book.
pub(crate) struct Posting {
    pub transfer: Transfer,
    pub debit: usize,
    pub credit: usize,
}
