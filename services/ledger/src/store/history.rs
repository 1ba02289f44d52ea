//! The balance of an account at a moment: from the nearest checkpoint after it, back along the
//! account's history.

use souk_data::Reader;
use souk_types::Timestamp;

use super::{checkpoint, transfer};
use crate::account::Account;
use crate::balance::Balance;
use crate::error::Error;
use crate::transfer::MOST_AHEAD;

/// How many transfers are read at a time while walking back.
const STRIDE: i64 = 1000;

/// How many transfers of an account are read at most to find what had happened at a moment.
const MOST_SINCE: usize = 100_000;

/// Returns the balance of an account as it was right after everything recorded up to `at`.
pub async fn recorded_balance(
    reader: &Reader,
    account: &Account,
    at: Timestamp,
) -> Result<Balance, Error> {
    let (mut balance, mut sequence) =
        match checkpoint::first_after(reader, account.number, at).await? {
            // A checkpoint written since the account was read is as good: both are of the same
            // history.
            Some(checkpoint) => (checkpoint.balance, checkpoint.sequence),
            None => (account.balance, account.last_sequence),
        };
    while sequence != 0 {
        for entry in transfer::log_entries(reader, account.number, sequence, STRIDE).await? {
            // Along the history of an account create_time never falls, so everything before this
            // entry counts.
            if entry.create_time <= at {
                return Ok(balance);
            }
            balance.apply(entry.side(account.number), entry.change().reversed());
            sequence = entry.previous(account.number);
        }
    }
    Ok(balance)
}

/// Returns the sums over the transfers of an account that happened in the world up to `at`. Fails
/// with [`Error::TooFarBack`] when more than [`MOST_SINCE`] were recorded since.
pub async fn effective_balance(
    reader: &Reader,
    account: &Account,
    at: Timestamp,
) -> Result<Balance, Error> {
    let mut balance = account.balance;
    let mut sequence = account.last_sequence;
    let mut since = 0;
    while sequence != 0 {
        for entry in transfer::log_entries(reader, account.number, sequence, STRIDE).await? {
            // What was recorded a while before `at`, or earlier, had happened by then.
            if entry.create_time.plus(MOST_AHEAD) <= at {
                return Ok(balance);
            }
            since += 1;
            if since > MOST_SINCE {
                return Err(Error::TooFarBack { account: account.id, most: MOST_SINCE });
            }
            if entry.effective_time() > at {
                balance.apply(entry.side(account.number), entry.change().reversed());
            }
            sequence = entry.previous(account.number);
        }
    }
    Ok(balance)
}
