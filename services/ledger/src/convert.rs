//! Messages of the contract to values that cannot hold bad data, and back.

use std::str::FromStr;

use souk_client::ledger::v1 as pb;
use souk_types::{Currency, IdError, MoneyError, Timestamp};

use crate::account::{Account, AccountFlags, NewAccount};
use crate::balance::{Balance, Side};
use crate::error::Error;
use crate::ledger::Ledger;
use crate::listing::{Filter, Range};
use crate::store::account::LedgerSums;
use crate::store::ledger::Currencies;
use crate::store::transfer::ListedTransfer;
use crate::transfer::{Kind, NewTransfer, Resolution, TransferFlags};

/// Reads a list of ids.
pub fn ids<T: FromStr<Err = IdError>>(field: &str, texts: &[String]) -> Result<Vec<T>, Error> {
    let mut ids = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        ids.push(
            text.parse().map_err(|problem| Error::field(format!("{field}[{index}]"), problem))?,
        );
    }
    Ok(ids)
}

/// Reads a time that may be absent.
pub fn optional_time(
    field: &str,
    time: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    time.map(|time| Timestamp::try_from(time).map_err(|problem| Error::field(field, problem)))
        .transpose()
}

/// Reads a ledger to create.
pub fn new_ledger(ledger: pb::Ledger, now: Timestamp) -> Result<Ledger, Error> {
    let currency: Option<Currency> = (!ledger.currency_code.is_empty())
        .then(|| ledger.currency_code.parse().and_then(Currency::of_commerce))
        .transpose()
        .map_err(|problem: MoneyError| Error::field("ledger.currency_code", problem))?;
    Ok(Ledger { number: ledger.ledger, currency, create_time: now })
}

/// Reads which transfers a list has.
pub fn filter(request: &pb::ListTransfersRequest) -> Result<Filter, Error> {
    Ok(Filter {
        ledger: request.ledger,
        code: request.code,
        user_data: request.user_data.clone(),
        side: None,
        created: Range {
            after: optional_time("create_time_after", request.create_time_after)?,
            before: optional_time("create_time_before", request.create_time_before)?,
        },
        effective: Range {
            after: optional_time("effective_time_after", request.effective_time_after)?,
            before: optional_time("effective_time_before", request.effective_time_before)?,
        },
    })
}

/// Reads which transfers of an account a list has.
pub fn account_filter(request: &pb::ListAccountTransfersRequest) -> Result<Filter, Error> {
    Ok(Filter {
        ledger: 0,
        code: request.code,
        user_data: request.user_data.clone(),
        side: match request.side() {
            pb::TransferSide::Unspecified => None,
            pb::TransferSide::Debit => Some(Side::Debit),
            pb::TransferSide::Credit => Some(Side::Credit),
        },
        created: Range {
            after: optional_time("create_time_after", request.create_time_after)?,
            before: optional_time("create_time_before", request.create_time_before)?,
        },
        effective: Range {
            after: optional_time("effective_time_after", request.effective_time_after)?,
            before: optional_time("effective_time_before", request.effective_time_before)?,
        },
    })
}

/// Reads the elements of a batch; a refusal names the index of the element.
pub fn each<M, T: TryFrom<M, Error = Error>>(
    field: &str,
    messages: Vec<M>,
) -> Result<Vec<T>, Error> {
    let mut values = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        values.push(T::try_from(message).map_err(|error| match error {
            Error::Field(inner) => {
                Error::field(format!("{field}[{index}].{}", inner.field), inner.problem)
            }
            other => other,
        })?);
    }
    Ok(values)
}

impl TryFrom<pb::NewAccount> for NewAccount {
    type Error = Error;

    fn try_from(new: pb::NewAccount) -> Result<Self, Error> {
        let flags = new.flags.unwrap_or_default();
        Ok(NewAccount {
            id: new.account_id()?,
            ledger: new.ledger,
            code: new.code,
            flags: AccountFlags {
                linked: flags.linked,
                debits_must_not_exceed_credits: flags.debits_must_not_exceed_credits,
                credits_must_not_exceed_debits: flags.credits_must_not_exceed_debits,
            },
            user_data: new.user_data,
        })
    }
}

impl TryFrom<pb::NewTransfer> for NewTransfer {
    type Error = Error;

    fn try_from(new: pb::NewTransfer) -> Result<Self, Error> {
        let flags = new.flags.unwrap_or_default();
        Ok(NewTransfer {
            id: new.transfer_id()?,
            debit_account: new.debit_account_id()?,
            credit_account: new.credit_account_id()?,
            amount: new.amount,
            pending: new.pending_id()?,
            user_data: new.user_data,
            timeout_seconds: new.timeout_seconds,
            ledger: new.ledger,
            code: new.code,
            flags: TransferFlags {
                linked: flags.linked,
                pending: flags.pending,
                post_pending_transfer: flags.post_pending_transfer,
                void_pending_transfer: flags.void_pending_transfer,
                expired: flags.expired,
            },
            effective_time: optional_time("effective_time", new.effective_time)?,
        })
    }
}

impl From<AccountFlags> for pb::AccountFlags {
    fn from(flags: AccountFlags) -> Self {
        pb::AccountFlags {
            linked: flags.linked,
            debits_must_not_exceed_credits: flags.debits_must_not_exceed_credits,
            credits_must_not_exceed_debits: flags.credits_must_not_exceed_debits,
        }
    }
}

impl From<Ledger> for pb::Ledger {
    fn from(ledger: Ledger) -> Self {
        pb::Ledger {
            ledger: ledger.number,
            currency_code: ledger.currency_code().to_owned(),
            fraction_digits: ledger.fraction_digits().into(),
            create_time: Some(ledger.create_time.into()),
        }
    }
}

impl Currencies {
    /// Returns an account as it is shown.
    pub fn account(&self, account: Account) -> pb::Account {
        pb::Account {
            currency_code: self.code(account.ledger),
            account_id: account.id.to_string(),
            ledger: account.ledger,
            code: account.code,
            flags: Some(account.flags.into()),
            user_data: account.user_data,
            debits_pending: account.balance.debits_pending,
            debits_posted: account.balance.debits_posted,
            credits_pending: account.balance.credits_pending,
            credits_posted: account.balance.credits_posted,
            create_time: Some(account.create_time.into()),
            transfer_count: account.transfer_count,
        }
    }
}

impl From<TransferFlags> for pb::TransferFlags {
    fn from(flags: TransferFlags) -> Self {
        pb::TransferFlags {
            linked: flags.linked,
            pending: flags.pending,
            post_pending_transfer: flags.post_pending_transfer,
            void_pending_transfer: flags.void_pending_transfer,
            expired: flags.expired,
        }
    }
}

impl Currencies {
    /// Returns a balance of an account of this ledger as it is shown.
    pub fn balance(&self, ledger: u32, balance: Balance) -> pb::AccountBalance {
        pb::AccountBalance {
            debits_pending: balance.debits_pending,
            debits_posted: balance.debits_posted,
            credits_pending: balance.credits_pending,
            credits_posted: balance.credits_posted,
            currency_code: self.code(ledger),
        }
    }

    /// Returns a transfer as it is shown.
    pub fn transfer(&self, listed: ListedTransfer) -> pb::Transfer {
        let transfer = listed.transfer;
        let pending_state = match (transfer.kind, listed.resolution) {
            (Kind::Pending, None) => pb::PendingState::Pending,
            (Kind::Pending, Some(Resolution::Posted)) => pb::PendingState::Posted,
            (Kind::Pending, Some(Resolution::Voided)) => pb::PendingState::Voided,
            (Kind::Pending, Some(Resolution::Expired)) => pb::PendingState::Expired,
            _ => pb::PendingState::Unspecified,
        };
        pb::Transfer {
            transfer_id: transfer.id.to_string(),
            debit_account_id: listed.debit_account.to_string(),
            credit_account_id: listed.credit_account.to_string(),
            amount: transfer.amount,
            pending_id: transfer.pending.map(|id| id.to_string()).unwrap_or_default(),
            timeout_seconds: transfer.timeout_seconds,
            ledger: transfer.ledger,
            code: transfer.code,
            flags: Some(transfer.flags().into()),
            effective_time: Some(transfer.effective_time().into()),
            create_time: Some(transfer.create_time.into()),
            pending_state: pending_state.into(),
            currency_code: self.code(transfer.ledger),
            user_data: transfer.user_data,
        }
    }

    /// Returns a line of the trial balance.
    pub fn line(&self, sums: LedgerSums) -> pb::TrialBalanceLine {
        pb::TrialBalanceLine {
            ledger: sums.ledger,
            balance: Some(self.balance(sums.ledger, sums.balance)),
            account_count: sums.account_count,
        }
    }
}
