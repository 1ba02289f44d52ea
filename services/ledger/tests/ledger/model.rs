//! A ledger so simple that it is obviously right: a list of what was accepted, from which every
//! balance is recomputed. Shares no code with the rules under test; it only speaks in their types.

use ledger::transfer::{NewTransfer, TransferFlags};
use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_types::{AccountId, Timestamp, TransferId};

/// What is limited about an account of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    None,
    Debits,
    Credits,
}

/// What is refused now and could be created later.
const FAILS_FOR_EVER: [Status; 5] = [
    Status::DebitAccountNotFound,
    Status::CreditAccountNotFound,
    Status::PendingTransferNotFound,
    Status::ExceedsCredits,
    Status::ExceedsDebits,
];

/// A time that no walk comes to.
pub const FAR_AHEAD: Timestamp = Timestamp::from_micros(4_000_000_000_000_000);

fn is_far_ahead(new: &NewTransfer) -> bool {
    new.effective_time == Some(FAR_AHEAD)
}

#[derive(Clone, Debug)]
pub struct ModelAccount {
    pub id: AccountId,
    pub ledger: u32,
    pub limit: Limit,
}

/// A transfer that was accepted, its empty fields filled, and when, in seconds.
#[derive(Clone, Debug)]
struct Accepted {
    asked: NewTransfer,
    debit: AccountId,
    credit: AccountId,
    amount: i64,
    user_data: String,
    ledger: u32,
    code: u32,
    second: u64,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub accounts: Vec<ModelAccount>,
    accepted: Vec<Accepted>,
    expired: Vec<TransferId>,
    failed: Vec<TransferId>,
    pub second: u64,
}

impl Model {
    pub fn new(accounts: Vec<ModelAccount>) -> Self {
        Model { accounts, accepted: Vec::new(), expired: Vec::new(), failed: Vec::new(), second: 0 }
    }

    /// Debits pending and posted, credits pending and posted.
    pub fn sums(&self, account: AccountId) -> [i64; 4] {
        let mut sums = [0; 4];
        for accepted in &self.accepted {
            let flags = accepted.asked.flags;
            let (pending, posted) = if flags.pending {
                (if self.is_open(accepted) { accepted.amount } else { 0 }, 0)
            } else if flags.void_pending_transfer {
                (0, 0)
            } else {
                (0, accepted.amount)
            };
            if accepted.debit == account {
                sums[0] += pending;
                sums[1] += posted;
            }
            if accepted.credit == account {
                sums[2] += pending;
                sums[3] += posted;
            }
        }
        sums
    }

    /// Applies a batch: chains one after another, each on a copy that is kept only when all of it
    /// was accepted.
    pub fn apply(&mut self, batch: &[NewTransfer]) -> Vec<Status> {
        let mut statuses = Vec::new();
        let mut start = 0;
        while start < batch.len() {
            let mut end = start;
            while end < batch.len() && batch[end].flags.linked {
                end += 1;
            }
            if end == batch.len() {
                statuses.extend(vec![Status::LinkedEventFailed; end - start - 1]);
                statuses.push(Status::LinkedEventChainOpen);
                return statuses;
            }
            statuses.extend(self.apply_chain(&batch[start..=end]));
            start = end + 1;
        }
        statuses
    }

    fn apply_chain(&mut self, chain: &[NewTransfer]) -> Vec<Status> {
        if chain.iter().all(|new| {
            self.by_id(new.id).is_some_and(|old| self.compare(old, new) == Status::Exists)
        }) {
            return vec![Status::Exists; chain.len()];
        }
        let mut copy = self.clone();
        for (place, new) in chain.iter().enumerate() {
            let is_repeated = chain[..place].iter().any(|earlier| earlier.id == new.id);
            let verdict =
                if is_repeated { Err(Status::IdRepeatedInChain) } else { copy.judge(new) };
            match verdict {
                Ok(accepted) => copy.accepted.push(accepted),
                Err(status) => {
                    if FAILS_FOR_EVER.contains(&status) {
                        self.failed.push(new.id);
                    }
                    let mut statuses = vec![Status::LinkedEventFailed; chain.len()];
                    statuses[place] = status;
                    return statuses;
                }
            }
        }
        *self = copy;
        vec![Status::Created; chain.len()]
    }

    /// Expires everything that is due; returns how many.
    pub fn expire(&mut self) -> usize {
        let due: Vec<TransferId> = self
            .accepted
            .iter()
            .filter(|a| self.is_open(a) && self.is_due(a))
            .map(|a| a.asked.id)
            .collect();
        self.expired.extend(&due);
        due.len()
    }

    fn is_open(&self, pending: &Accepted) -> bool {
        let id = pending.asked.id;
        pending.asked.flags.pending
            && !self.accepted.iter().any(|other| other.asked.pending == Some(id))
            && !self.expired.contains(&id)
    }

    fn is_due(&self, pending: &Accepted) -> bool {
        let timeout = u64::from(pending.asked.timeout_seconds);
        timeout > 0 && pending.second + timeout <= self.second
    }

    fn by_id(&self, id: TransferId) -> Option<&Accepted> {
        self.accepted.iter().find(|accepted| accepted.asked.id == id)
    }

    fn account(&self, id: AccountId) -> Option<&ModelAccount> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Fills the empty fields of a transfer that resolves another one.
    fn fill(&self, new: &NewTransfer, pending: &Accepted) -> Accepted {
        Accepted {
            debit: new.debit_account.unwrap_or(pending.debit),
            credit: new.credit_account.unwrap_or(pending.credit),
            amount: if new.amount == 0 { pending.amount } else { new.amount },
            user_data: if new.user_data.is_empty() {
                pending.user_data.clone()
            } else {
                new.user_data.clone()
            },
            ledger: if new.ledger == 0 { pending.ledger } else { new.ledger },
            code: if new.code == 0 { pending.code } else { new.code },
            second: self.second,
            asked: new.clone(),
        }
    }

    fn compare(&self, old: &Accepted, new: &NewTransfer) -> Status {
        let asked = &old.asked;
        if asked.flags != new.flags {
            return Status::ExistsWithDifferentFlags;
        }
        if asked.pending != new.pending {
            return Status::ExistsWithDifferentPendingId;
        }
        if asked.timeout_seconds != new.timeout_seconds {
            return Status::ExistsWithDifferentTimeout;
        }
        let mut filled = match asked.pending {
            Some(pending) => self.fill(new, self.by_id(pending).unwrap()),
            None => Accepted { asked: new.clone(), ..old.clone() },
        };
        if asked.pending.is_none() {
            if new.debit_account != Some(old.debit) {
                return Status::ExistsWithDifferentDebitAccountId;
            }
            if new.credit_account != Some(old.credit) {
                return Status::ExistsWithDifferentCreditAccountId;
            }
            filled.amount = new.amount;
            filled.user_data = new.user_data.clone();
            filled.ledger = new.ledger;
            filled.code = new.code;
        }
        for (differs, status) in [
            (filled.debit != old.debit, Status::ExistsWithDifferentDebitAccountId),
            (filled.credit != old.credit, Status::ExistsWithDifferentCreditAccountId),
            (filled.amount != old.amount, Status::ExistsWithDifferentAmount),
            (filled.user_data != old.user_data, Status::ExistsWithDifferentUserData),
            (filled.ledger != old.ledger, Status::ExistsWithDifferentLedger),
            (filled.code != old.code, Status::ExistsWithDifferentCode),
            (asked.effective_time != new.effective_time, Status::ExistsWithDifferentEffectiveTime),
        ] {
            if differs {
                return status;
            }
        }
        Status::Exists
    }

    fn judge(&self, new: &NewTransfer) -> Result<Accepted, Status> {
        if let Some(old) = self.by_id(new.id) {
            return Err(self.compare(old, new));
        }
        if self.failed.contains(&new.id) {
            return Err(Status::IdAlreadyFailed);
        }
        let TransferFlags {
            pending,
            post_pending_transfer: post,
            void_pending_transfer: void,
            expired,
            ..
        } = new.flags;
        if expired {
            return Err(Status::ReservedFlag);
        }
        match u8::from(pending) + u8::from(post) + u8::from(void) {
            0 | 1 if !post && !void => self.judge_movement(new),
            1 => self.judge_resolution(new),
            _ => Err(Status::FlagsAreMutuallyExclusive),
        }
    }

    fn judge_movement(&self, new: &NewTransfer) -> Result<Accepted, Status> {
        let refuse = |when: bool, status| if when { Err(status) } else { Ok(()) };
        refuse(new.debit_account.is_none(), Status::DebitAccountIdMustNotBeEmpty)?;
        refuse(new.credit_account.is_none(), Status::CreditAccountIdMustNotBeEmpty)?;
        refuse(new.debit_account == new.credit_account, Status::AccountsMustBeDifferent)?;
        refuse(new.pending.is_some(), Status::PendingIdMustBeEmpty)?;
        refuse(
            !new.flags.pending && new.timeout_seconds > 0,
            Status::TimeoutReservedForPendingTransfer,
        )?;
        refuse(new.amount == 0, Status::AmountMustNotBeZero)?;
        refuse(new.ledger == 0, Status::LedgerMustNotBeZero)?;
        refuse(new.code == 0, Status::CodeMustNotBeZero)?;
        refuse(is_far_ahead(new), Status::EffectiveTimeMustNotBeAhead)?;
        let debit = self.account(new.debit_account.unwrap()).ok_or(Status::DebitAccountNotFound)?;
        let credit =
            self.account(new.credit_account.unwrap()).ok_or(Status::CreditAccountNotFound)?;
        refuse(debit.ledger != credit.ledger, Status::AccountsMustHaveTheSameLedger)?;
        refuse(debit.ledger != new.ledger, Status::TransferMustHaveTheSameLedgerAsAccounts)?;

        let of_debit = self.sums(debit.id);
        let of_credit = self.sums(credit.id);
        let debits = i128::from(of_debit[0]) + i128::from(of_debit[1]) + i128::from(new.amount);
        let credits = i128::from(of_credit[2]) + i128::from(of_credit[3]) + i128::from(new.amount);
        refuse(debits > i128::from(i64::MAX), Status::OverflowsDebits)?;
        refuse(credits > i128::from(i64::MAX), Status::OverflowsCredits)?;
        refuse(
            debit.limit == Limit::Debits && debits > i128::from(of_debit[3]),
            Status::ExceedsCredits,
        )?;
        refuse(
            credit.limit == Limit::Credits && credits > i128::from(of_credit[1]),
            Status::ExceedsDebits,
        )?;
        Ok(Accepted {
            debit: debit.id,
            credit: credit.id,
            amount: new.amount,
            user_data: new.user_data.clone(),
            ledger: new.ledger,
            code: new.code,
            second: self.second,
            asked: new.clone(),
        })
    }

    fn judge_resolution(&self, new: &NewTransfer) -> Result<Accepted, Status> {
        let pending_id = new.pending.ok_or(Status::PendingIdMustNotBeEmpty)?;
        if pending_id == new.id {
            return Err(Status::PendingIdMustBeDifferent);
        }
        if new.timeout_seconds > 0 {
            return Err(Status::TimeoutReservedForPendingTransfer);
        }
        if is_far_ahead(new) {
            return Err(Status::EffectiveTimeMustNotBeAhead);
        }
        let pending = self.by_id(pending_id).ok_or(Status::PendingTransferNotFound)?;
        if !pending.asked.flags.pending {
            return Err(Status::PendingTransferNotPending);
        }
        let filled = self.fill(new, pending);
        let resolved = self.accepted.iter().find(|other| other.asked.pending == Some(pending_id));
        for (is_wrong, status) in [
            (filled.debit != pending.debit, Status::PendingTransferHasDifferentDebitAccountId),
            (filled.credit != pending.credit, Status::PendingTransferHasDifferentCreditAccountId),
            (filled.ledger != pending.ledger, Status::PendingTransferHasDifferentLedger),
            (filled.code != pending.code, Status::PendingTransferHasDifferentCode),
            (filled.amount > pending.amount, Status::ExceedsPendingTransferAmount),
            (
                new.flags.void_pending_transfer && filled.amount < pending.amount,
                Status::PendingTransferHasDifferentAmount,
            ),
            (
                resolved.is_some_and(|by| by.asked.flags.post_pending_transfer),
                Status::PendingTransferAlreadyPosted,
            ),
            (
                resolved.is_some_and(|by| by.asked.flags.void_pending_transfer),
                Status::PendingTransferAlreadyVoided,
            ),
            (
                self.expired.contains(&pending_id) || self.is_due(pending),
                Status::PendingTransferExpired,
            ),
        ] {
            if is_wrong {
                return Err(status);
            }
        }
        Ok(filled)
    }
}
