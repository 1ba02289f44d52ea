//! Transfers, and the checks that need no account. Their effect on accounts is in `book.rs`.

use std::time::Duration;

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_types::{AccountId, Timestamp, TransferId};

use crate::account::AccountNumber;
use crate::balance::Change;

/// What a transfer is. The numbers are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Kind {
    /// Posts at once.
    Single = 0,
    /// Sets the amount aside until it is posted, voided or expired.
    Pending = 1,
    /// Posts a pending transfer, whole or in part.
    Post = 2,
    /// Sets the amount of a pending transfer free.
    Void = 3,
    /// Sets the amount of a pending transfer free because its timeout passed; made by the ledger
    /// itself.
    Expire = 4,
    /// No transfer: its id was refused for a reason that could pass, and is refused permanently. It
    /// changes nothing and is never shown.
    Refused = 5,
}

/// How far a transfer may happen after it is recorded: as much as the clocks of callers are ahead.
pub const MOST_AHEAD: Duration = Duration::from_secs(60);

/// Returns whether the id of a transfer that is refused with this status is refused for ever: where
/// the same transfer could be created later. Otherwise a call that is repeated after a lost
/// response could have another outcome than the first.
pub fn is_remembered(status: Status) -> bool {
    matches!(
        status,
        Status::DebitAccountNotFound
            | Status::CreditAccountNotFound
            | Status::PendingTransferNotFound
            | Status::ExceedsCredits
            | Status::ExceedsDebits
    )
}

impl Kind {
    /// Returns what a transfer of this kind does to the pending transfer that it names.
    pub fn resolution(self) -> Option<Resolution> {
        match self {
            Kind::Single | Kind::Pending | Kind::Refused => None,
            Kind::Post => Some(Resolution::Posted),
            Kind::Void => Some(Resolution::Voided),
            Kind::Expire => Some(Resolution::Expired),
        }
    }

    /// Returns what a transfer of this kind adds to each side, in minor units.
    pub fn change(self, amount: i64, pending_amount: i64) -> Change {
        match self {
            Kind::Single => Change { pending: 0, posted: amount },
            Kind::Pending => Change { pending: amount, posted: 0 },
            Kind::Post => Change { pending: -pending_amount, posted: amount },
            Kind::Void | Kind::Expire => Change { pending: -pending_amount, posted: 0 },
            Kind::Refused => Change { pending: 0, posted: 0 },
        }
    }
}

/// What a transfer says it is, as it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferFlags {
    pub linked: bool,
    pub pending: bool,
    pub post_pending_transfer: bool,
    pub void_pending_transfer: bool,
    pub expired: bool,
}

impl TransferFlags {
    /// Returns what a caller may create with these flags, or why nothing.
    pub fn kind(self) -> Result<Kind, Status> {
        if self.expired {
            return Err(Status::ReservedFlag);
        }
        match (self.pending, self.post_pending_transfer, self.void_pending_transfer) {
            (false, false, false) => Ok(Kind::Single),
            (true, false, false) => Ok(Kind::Pending),
            (false, true, false) => Ok(Kind::Post),
            (false, false, true) => Ok(Kind::Void),
            _ => Err(Status::FlagsAreMutuallyExclusive),
        }
    }
}

/// A transfer to create. Empty fields mean what the contract says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTransfer {
    pub id: TransferId,
    pub debit_account: Option<AccountId>,
    pub credit_account: Option<AccountId>,
    /// Minor units.
    pub amount: i64,
    pub pending: Option<TransferId>,
    pub user_data: String,
    pub timeout_seconds: u32,
    pub ledger: u32,
    pub code: u32,
    pub flags: TransferFlags,
    pub effective_time: Option<Timestamp>,
}

/// A stored transfer, which never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its position in the log; grows along the history of each account.
    pub sequence: i64,
    pub id: TransferId,
    pub debit_account: AccountNumber,
    pub credit_account: AccountNumber,
    /// Minor units moved, set aside or, of a void or an expiry, set free.
    pub amount: i64,
    /// Minor units of the pending transfer that this one resolves; 0 of others. So that the log can
    /// be replayed without looking anything up.
    pub pending_amount: i64,
    pub pending: Option<TransferId>,
    pub user_data: String,
    pub timeout_seconds: u32,
    pub ledger: u32,
    pub code: u32,
    pub kind: Kind,
    pub linked: bool,
    pub effective_time: Option<Timestamp>,
    pub create_time: Timestamp,
    /// The sequence of the transfer before this one in the history of the debited account; 0 when
    /// it is the first.
    pub debit_previous: i64,
    /// The same of the credited account.
    pub credit_previous: i64,
}

/// How a pending transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Posted,
    Voided,
    Expired,
}

impl Resolution {
    /// Returns why another transfer cannot resolve it again.
    pub fn refusal(self) -> Status {
        match self {
            Resolution::Posted => Status::PendingTransferAlreadyPosted,
            Resolution::Voided => Status::PendingTransferAlreadyVoided,
            Resolution::Expired => Status::PendingTransferExpired,
        }
    }
}

impl Transfer {
    /// Returns the row that keeps an id refused.
    pub fn refused(id: TransferId, now: Timestamp) -> Self {
        Transfer {
            sequence: 0,
            id,
            // Numbers that no account has.
            debit_account: 0,
            credit_account: -1,
            amount: 0,
            pending_amount: 0,
            pending: None,
            user_data: String::new(),
            timeout_seconds: 0,
            ledger: 0,
            code: 0,
            kind: Kind::Refused,
            linked: false,
            effective_time: None,
            create_time: now,
            debit_previous: 0,
            credit_previous: 0,
        }
    }

    /// Returns what it adds to the debit sums of one account and the credit sums of the other.
    pub fn change(&self) -> Change {
        self.kind.change(self.amount, self.pending_amount)
    }

    /// Returns when it expires, if it is a pending one with a timeout.
    pub fn expire_time(&self) -> Option<Timestamp> {
        (self.kind == Kind::Pending && self.timeout_seconds > 0)
            .then(|| self.create_time.plus(Duration::from_secs(u64::from(self.timeout_seconds))))
    }

    /// Returns what it did to the pending transfer that it names.
    pub fn resolution(&self) -> Option<Resolution> {
        self.kind.resolution()
    }

    /// Returns the sequence of the transfer before this one in the history of one of its accounts;
    /// 0 when it is the first.
    pub fn previous(&self, account: AccountNumber) -> i64 {
        if self.debit_account == account { self.debit_previous } else { self.credit_previous }
    }

    /// Returns when it happened in the world.
    pub fn effective_time(&self) -> Timestamp {
        self.effective_time.unwrap_or(self.create_time)
    }

    /// Returns the flags that it was created with.
    pub fn flags(&self) -> TransferFlags {
        TransferFlags {
            linked: self.linked,
            pending: self.kind == Kind::Pending,
            post_pending_transfer: self.kind == Kind::Post,
            void_pending_transfer: matches!(self.kind, Kind::Void | Kind::Expire),
            expired: self.kind == Kind::Expire,
        }
    }
}

impl NewTransfer {
    /// Checks what can be said of a single or pending transfer alone. Returns its debit and credit
    /// account.
    pub fn check_movement(&self, kind: Kind) -> Result<(AccountId, AccountId), Status> {
        let debit = self.debit_account.ok_or(Status::DebitAccountIdMustNotBeEmpty)?;
        let credit = self.credit_account.ok_or(Status::CreditAccountIdMustNotBeEmpty)?;
        if debit == credit {
            return Err(Status::AccountsMustBeDifferent);
        }
        if self.pending.is_some() {
            return Err(Status::PendingIdMustBeEmpty);
        }
        if kind != Kind::Pending && self.timeout_seconds != 0 {
            return Err(Status::TimeoutReservedForPendingTransfer);
        }
        if self.amount == 0 {
            return Err(Status::AmountMustNotBeZero);
        }
        if self.ledger == 0 {
            return Err(Status::LedgerMustNotBeZero);
        }
        if self.code == 0 {
            return Err(Status::CodeMustNotBeZero);
        }
        Ok((debit, credit))
    }

    /// Checks what can be said alone of a transfer that posts or voids. Returns the pending
    /// transfer that it names.
    pub fn check_resolution(&self) -> Result<TransferId, Status> {
        let pending = self.pending.ok_or(Status::PendingIdMustNotBeEmpty)?;
        if pending == self.id {
            return Err(Status::PendingIdMustBeDifferent);
        }
        if self.timeout_seconds != 0 {
            return Err(Status::TimeoutReservedForPendingTransfer);
        }
        Ok(pending)
    }
}
