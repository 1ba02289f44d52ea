//! Rows of the database as values of the rules, read by name.

use souk_data::{Error, Row};
use souk_types::Timestamp;

use crate::account::{Account, AccountFlags};
use crate::balance::Balance;
use crate::party::Party;
use crate::transfer::{Kind, Transfer};

/// The columns of an account.
pub(super) const ACCOUNT: &str = "number, id, ledger, code, flags, user_data, create_time, debits_pending, debits_posted, \
     credits_pending, credits_posted, transfer_count, last_sequence";

/// The columns that [`Party`] needs.
pub(super) const PARTY: &str = "number, id, ledger, flags, debits_pending, debits_posted, credits_pending, \
     credits_posted, transfer_count, last_sequence, last_time";

/// The columns of a transfer, in the order in which it is inserted.
pub(super) const TRANSFER: &str = "sequence, id, debit_account, credit_account, amount, pending_amount, pending_id, \
     user_data, timeout_seconds, ledger, code, kind, linked, effective_time, create_time, debit_previous, credit_previous";

pub(super) fn account(row: &Row) -> Result<Account, Error> {
    Ok(Account {
        number: row.get("number")?,
        id: row.get("id")?,
        ledger: row.get("ledger")?,
        code: row.get("code")?,
        flags: AccountFlags::from_bits(row.get("flags")?),
        user_data: row.get("user_data")?,
        create_time: row.get("create_time")?,
        balance: balance(row)?,
        transfer_count: row.get("transfer_count")?,
        last_sequence: row.get("last_sequence")?,
    })
}

pub(super) fn party(row: &Row) -> Result<Party, Error> {
    Ok(Party {
        number: row.get("number")?,
        id: row.get("id")?,
        ledger: row.get("ledger")?,
        flags: AccountFlags::from_bits(row.get("flags")?),
        balance: balance(row)?,
        transfer_count: row.get("transfer_count")?,
        last_sequence: row.get("last_sequence")?,
        last_time: row.get("last_time")?,
    })
}

pub(super) fn balance(row: &Row) -> Result<Balance, Error> {
    Ok(Balance {
        debits_pending: row.get("debits_pending")?,
        debits_posted: row.get("debits_posted")?,
        credits_pending: row.get("credits_pending")?,
        credits_posted: row.get("credits_posted")?,
    })
}

pub(super) fn transfer(row: &Row) -> Result<Transfer, Error> {
    Ok(Transfer {
        sequence: row.get("sequence")?,
        id: row.get("id")?,
        debit_account: row.get("debit_account")?,
        credit_account: row.get("credit_account")?,
        amount: row.get("amount")?,
        pending_amount: row.get("pending_amount")?,
        pending: row.get("pending_id")?,
        user_data: row.get("user_data")?,
        timeout_seconds: row.get("timeout_seconds")?,
        ledger: row.get("ledger")?,
        code: row.get("code")?,
        kind: kind(row)?,
        linked: row.get("linked")?,
        effective_time: row.get::<Option<Timestamp>>("effective_time")?,
        create_time: row.get("create_time")?,
        debit_previous: row.get("debit_previous")?,
        credit_previous: row.get("credit_previous")?,
    })
}

pub(super) fn kind(row: &Row) -> Result<Kind, Error> {
    let number: i64 = row.get("kind")?;
    Kind::from_column(number).ok_or_else(|| Error::Corrupt(format!("transfer kind {number}").into()))
}
