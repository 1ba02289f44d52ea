//! The balance of an account at a moment: from the nearest checkpoint after it, back along the account's history.

use souk_data::{Reader, args};
use souk_types::{AccountId, Timestamp};

use super::{Store, rows};
use crate::account::{Account, AccountNumber};
use crate::balance::{Balance, Change, Side};
use crate::error::Error;
use crate::transfer::Kind;

/// How many transfers are read at a time while walking back.
const STRIDE: i64 = 1000;

/// One step of an account's history.
struct Step {
    side: Side,
    change: Change,
    create_time: Timestamp,
    effective_time: Timestamp,
    previous: i64,
}

impl Store {
    /// Returns the balance of an account as it was right after everything recorded up to `at`.
    pub async fn balance_recorded(&self, id: AccountId, at: Timestamp) -> Result<Balance, Error> {
        let account = self.account(id).await?;
        let reader = self.db.read();
        let (mut balance, mut sequence) = nearest_after(&reader, &account, at).await?;
        while sequence != 0 {
            for step in walk(&reader, account.number, sequence).await? {
                // Along the history of an account create_time never falls, so everything before this step counts.
                if step.create_time <= at {
                    return Ok(balance);
                }
                balance.apply(step.side, step.change.reversed());
                sequence = step.previous;
            }
        }
        Ok(balance)
    }

    /// Returns the sums over the transfers of an account that happened in the world up to `at`; reads all of its history.
    pub async fn balance_effective(&self, id: AccountId, at: Timestamp) -> Result<Balance, Error> {
        let account = self.account(id).await?;
        let reader = self.db.read();
        let mut balance = Balance::default();
        let mut sequence = account.last_sequence;
        while sequence != 0 {
            for step in walk(&reader, account.number, sequence).await? {
                if step.effective_time <= at {
                    balance.apply(step.side, step.change);
                }
                sequence = step.previous;
            }
        }
        Ok(balance)
    }
}

/// Returns the balance after the first checkpoint later than `at`, or now, and the sequence where that stands.
async fn nearest_after(reader: &Reader, account: &Account, at: Timestamp) -> Result<(Balance, i64), Error> {
    let query = "SELECT sequence, debits_pending, debits_posted, credits_pending, credits_posted FROM checkpoint \
                 WHERE account = $1 AND create_time > $2 ORDER BY create_time, sequence LIMIT 1";
    match reader.query_row(query, args![account.number, at]).await? {
        // A checkpoint written since the account was read is as good: both stand in the same history.
        Some(row) => Ok((rows::balance(&row)?, row.get("sequence")?)),
        None => Ok((account.balance, account.last_sequence)),
    }
}

/// Returns some steps of an account's history, from the one at `sequence` back.
async fn walk(reader: &Reader, account: AccountNumber, sequence: i64) -> Result<Vec<Step>, Error> {
    let query = "WITH RECURSIVE step (sequence, taken) AS ( \
                     SELECT $1, CAST(1 AS BIGINT) \
                     UNION ALL \
                     SELECT CASE WHEN transfer.debit_account = $2 THEN transfer.debit_previous \
                                 ELSE transfer.credit_previous END, \
                            step.taken + 1 \
                     FROM step JOIN transfer ON transfer.sequence = step.sequence WHERE step.taken < $3 \
                 ) \
                 SELECT transfer.debit_account, transfer.kind, transfer.amount, transfer.pending_amount, \
                        transfer.create_time, COALESCE(transfer.effective_time, transfer.create_time) AS effective_time, \
                        transfer.debit_previous, transfer.credit_previous \
                 FROM step JOIN transfer ON transfer.sequence = step.sequence ORDER BY transfer.sequence DESC";
    let found = reader.query(query, args![sequence, account, STRIDE]).await?;
    if found.is_empty() {
        return Err(souk_data::Error::Corrupt(format!("transfer {sequence} is missing").into()).into());
    }
    found
        .iter()
        .map(|row| {
            let is_debit = row.get::<AccountNumber>("debit_account")? == account;
            let kind: Kind = rows::kind(row)?;
            Ok(Step {
                side: if is_debit { Side::Debit } else { Side::Credit },
                change: kind.change(row.get("amount")?, row.get("pending_amount")?),
                create_time: row.get("create_time")?,
                effective_time: row.get("effective_time")?,
                previous: row.get(if is_debit { "debit_previous" } else { "credit_previous" })?,
            })
        })
        .collect()
}
