//! The book: what one batch of transfers touches, held in memory, and the rules by which the batch
//! changes it.
//!
//! No I/O: the same book and batch give the same results on every machine. `writer/transaction.rs`
//! loads everything that the batch names into a book, and writes the result.

use std::collections::{HashMap, HashSet};

use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_types::{AccountId, Timestamp, TransferId};

use crate::account::AccountNumber;
use crate::balance::Side;
use crate::chain::chains;
use crate::entry::Entries;
use crate::party::{Party, Posting};
use crate::transfer::{Kind, MOST_AHEAD, NewTransfer, Resolution, Transfer, is_remembered};

/// Holds everything that a batch names.
pub struct Book {
    now: Timestamp,
    parties: Vec<Party>,
    by_id: HashMap<AccountId, usize>,
    by_number: HashMap<AccountNumber, usize>,
    stored: HashMap<TransferId, Transfer>,
    resolved: HashMap<TransferId, Resolution>,
    created: Vec<Posting>,
    created_by_id: HashMap<TransferId, usize>,
    /// Every id that is refused permanently.
    refused: HashSet<TransferId>,
    /// Those that this batch added.
    newly_refused: Vec<TransferId>,
}

/// What came of one transfer of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    /// When it was recorded, if it was.
    pub create_time: Option<Timestamp>,
}

impl Book {
    /// Opens a book at the time `now`. It must hold every account, transfer and resolution that the
    /// batch names and that is stored: accounts by id, and those of the pending transfers;
    /// transfers by their own id and as `pending`.
    pub fn new(
        now: Timestamp,
        parties: Vec<Party>,
        stored: Vec<Transfer>,
        resolved: Vec<(TransferId, Resolution)>,
    ) -> Self {
        // Clocks of replicas differ; along the history of an account time never goes back.
        let now = parties.iter().map(|party| party.last_time).fold(now, Timestamp::max);
        let (refused, stored): (Vec<_>, Vec<_>) =
            stored.into_iter().partition(|transfer| transfer.kind == Kind::Refused);
        Book {
            now,
            by_id: parties.iter().enumerate().map(|(index, party)| (party.id, index)).collect(),
            by_number: parties
                .iter()
                .enumerate()
                .map(|(index, party)| (party.number, index))
                .collect(),
            parties,
            stored: stored.into_iter().map(|transfer| (transfer.id, transfer)).collect(),
            resolved: resolved.into_iter().collect(),
            created: Vec::new(),
            created_by_id: HashMap::new(),
            refused: refused.into_iter().map(|transfer| transfer.id).collect(),
            newly_refused: Vec::new(),
        }
    }

    /// Applies a batch, one chain after another, and returns a status for each transfer in order.
    pub fn apply(&mut self, batch: &[NewTransfer]) -> Vec<Status> {
        self.created.reserve(batch.len());
        self.created_by_id.reserve(batch.len());
        let mut statuses = Vec::with_capacity(batch.len());
        for chain in chains(batch, |transfer| transfer.flags.linked) {
            let members = &batch[chain.range];
            match members {
                [single] if !chain.is_open => statuses.push(self.create(single)),
                _ => self.apply_chain(members, chain.is_open, &mut statuses),
            }
        }
        statuses
    }

    /// Returns what came of each transfer of a batch that was applied with these statuses.
    pub fn verdicts(&self, batch: &[NewTransfer], statuses: &[Status]) -> Vec<Verdict> {
        let verdict = |(new, status): (&NewTransfer, &Status)| {
            let is_there = matches!(status, Status::Created | Status::Exists);
            let recorded = is_there.then(|| self.find(new.id)).flatten();
            Verdict { status: *status, create_time: recorded.map(|found| found.create_time) }
        };
        batch.iter().zip(statuses).map(verdict).collect()
    }

    /// Expires pending transfers whose timeout has passed. Those that are resolved, or not due, are
    /// left alone.
    pub fn expire(&mut self, pending: &[TransferId]) {
        for id in pending {
            let Some(transfer) = self.stored.get(id) else { continue };
            let is_due = transfer.expire_time().is_some_and(|time| time <= self.now);
            if !is_due || self.resolved.contains_key(id) {
                continue;
            }
            let expiry = Transfer {
                sequence: 0,
                id: TransferId::of_step(id.as_uuid(), "expire"),
                amount: transfer.amount,
                pending_amount: transfer.amount,
                pending: Some(*id),
                timeout_seconds: 0,
                kind: Kind::Expire,
                linked: false,
                effective_time: None,
                create_time: self.now,
                debit_previous: 0,
                credit_previous: 0,
                ..transfer.clone()
            };
            let (debit, credit) =
                (self.by_number[&expiry.debit_account], self.by_number[&expiry.credit_account]);
            self.enter(Posting { transfer: expiry, debit, credit });
        }
    }

    /// Closes the book: returns what is to be written, the first transfer with the sequence
    /// `first`.
    pub fn close(self, first: i64) -> Entries {
        let refused =
            self.newly_refused.iter().map(|id| Transfer::refused(*id, self.now)).collect();
        Entries::new(self.parties, self.created, refused, &self.stored, first)
    }

    /// Returns how many transfers the batch created.
    pub fn created_count(&self) -> usize {
        self.created.len()
    }

    /// Returns whether there is nothing to write.
    pub fn is_unchanged(&self) -> bool {
        self.created.is_empty() && self.newly_refused.is_empty()
    }

    fn apply_chain(&mut self, chain: &[NewTransfer], is_open: bool, statuses: &mut Vec<Status>) {
        let start = statuses.len();
        statuses.resize(start + chain.len(), Status::LinkedEventFailed);
        let verdicts = &mut statuses[start..];
        if is_open {
            verdicts[chain.len() - 1] = Status::LinkedEventChainOpen;
            return;
        }
        if chain.iter().all(|new| {
            self.find(new.id).is_some_and(|existing| self.compare(existing, new) == Status::Exists)
        }) {
            verdicts.fill(Status::Exists);
            return;
        }

        let mark = self.created.len();
        let mut seen = HashSet::new();
        for (index, new) in chain.iter().enumerate() {
            let status =
                if seen.insert(new.id) { self.create(new) } else { Status::IdRepeatedInChain };
            if status != Status::Created {
                self.undo_to(mark);
                verdicts.fill(Status::LinkedEventFailed);
                verdicts[index] = status;
                return;
            }
            verdicts[index] = Status::Created;
        }
    }

    fn create(&mut self, new: &NewTransfer) -> Status {
        if let Some(existing) = self.find(new.id) {
            return self.compare(existing, new);
        }
        if self.refused.contains(&new.id) {
            return Status::IdAlreadyFailed;
        }
        let admitted = match new.flags.kind() {
            Ok(kind @ (Kind::Single | Kind::Pending)) => self.admit_movement(new, kind),
            Ok(kind) => self.admit_resolution(new, kind),
            Err(status) => Err(status),
        };
        match admitted {
            Ok(created) => {
                self.enter(created);
                Status::Created
            }
            Err(status) => {
                if is_remembered(status) {
                    self.refused.insert(new.id);
                    self.newly_refused.push(new.id);
                }
                status
            }
        }
    }

    fn check_time(&self, new: &NewTransfer) -> Result<(), Status> {
        if new.effective_time.is_some_and(|time| time > self.now.plus(MOST_AHEAD)) {
            return Err(Status::EffectiveTimeMustNotBeAhead);
        }
        Ok(())
    }

    fn admit_movement(&self, new: &NewTransfer, kind: Kind) -> Result<Posting, Status> {
        let (debit_id, credit_id) = new.check_movement(kind)?;
        self.check_time(new)?;
        let debit = *self.by_id.get(&debit_id).ok_or(Status::DebitAccountNotFound)?;
        let credit = *self.by_id.get(&credit_id).ok_or(Status::CreditAccountNotFound)?;
        let debit_party = &self.parties[debit];
        let credit_party = &self.parties[credit];
        if debit_party.ledger != credit_party.ledger {
            return Err(Status::AccountsMustHaveTheSameLedger);
        }
        if new.ledger != debit_party.ledger {
            return Err(Status::TransferMustHaveTheSameLedgerAsAccounts);
        }

        let debits =
            debit_party.balance.debits().checked_add(new.amount).ok_or(Status::OverflowsDebits)?;
        let credits = credit_party
            .balance
            .credits()
            .checked_add(new.amount)
            .ok_or(Status::OverflowsCredits)?;
        if debit_party.flags.debits_must_not_exceed_credits
            && debits > debit_party.balance.credits_posted
        {
            return Err(Status::ExceedsCredits);
        }
        if credit_party.flags.credits_must_not_exceed_debits
            && credits > credit_party.balance.debits_posted
        {
            return Err(Status::ExceedsDebits);
        }

        let transfer = Transfer {
            sequence: 0,
            id: new.id,
            debit_account: debit_party.number,
            credit_account: credit_party.number,
            amount: new.amount,
            pending_amount: 0,
            pending: None,
            user_data: new.user_data.clone(),
            timeout_seconds: new.timeout_seconds,
            ledger: new.ledger,
            code: new.code,
            kind,
            linked: new.flags.linked,
            effective_time: new.effective_time,
            create_time: self.now,
            debit_previous: 0,
            credit_previous: 0,
        };
        Ok(Posting { transfer, debit, credit })
    }

    fn admit_resolution(&self, new: &NewTransfer, kind: Kind) -> Result<Posting, Status> {
        let pending_id = new.check_resolution()?;
        self.check_time(new)?;
        let pending = self.find(pending_id).ok_or(Status::PendingTransferNotFound)?;
        if pending.kind != Kind::Pending {
            return Err(Status::PendingTransferNotPending);
        }
        let transfer = self.resolve(new, pending, kind);
        if new.debit_account.is_some_and(|id| self.number_of(id) != Some(pending.debit_account)) {
            return Err(Status::PendingTransferHasDifferentDebitAccountId);
        }
        if new.credit_account.is_some_and(|id| self.number_of(id) != Some(pending.credit_account)) {
            return Err(Status::PendingTransferHasDifferentCreditAccountId);
        }
        if transfer.ledger != pending.ledger {
            return Err(Status::PendingTransferHasDifferentLedger);
        }
        if transfer.code != pending.code {
            return Err(Status::PendingTransferHasDifferentCode);
        }
        if transfer.amount > pending.amount {
            return Err(Status::ExceedsPendingTransferAmount);
        }
        if kind == Kind::Void && transfer.amount != pending.amount {
            return Err(Status::PendingTransferHasDifferentAmount);
        }
        if let Some(resolution) = self.resolved.get(&pending_id) {
            return Err(resolution.refusal());
        }
        if pending.expire_time().is_some_and(|time| time <= self.now) {
            return Err(Status::PendingTransferExpired);
        }

        // Neither side grows by more than was set aside, so no limit and no range can be broken.
        let (debit, credit) =
            (self.by_number[&pending.debit_account], self.by_number[&pending.credit_account]);
        Ok(Posting { transfer, debit, credit })
    }

    /// Returns the transfer that resolves `pending`, its empty fields filled from it.
    fn resolve(&self, new: &NewTransfer, pending: &Transfer, kind: Kind) -> Transfer {
        Transfer {
            sequence: 0,
            id: new.id,
            debit_account: pending.debit_account,
            credit_account: pending.credit_account,
            amount: if new.amount == 0 { pending.amount } else { new.amount },
            pending_amount: pending.amount,
            pending: Some(pending.id),
            user_data: if new.user_data.is_empty() {
                pending.user_data.clone()
            } else {
                new.user_data.clone()
            },
            timeout_seconds: new.timeout_seconds,
            ledger: if new.ledger == 0 { pending.ledger } else { new.ledger },
            code: if new.code == 0 { pending.code } else { new.code },
            kind,
            linked: new.flags.linked,
            effective_time: new.effective_time,
            create_time: self.now,
            debit_previous: 0,
            credit_previous: 0,
        }
    }

    /// Returns EXISTS when `new` asks for what `existing` is, else the first field that differs.
    fn compare(&self, existing: &Transfer, new: &NewTransfer) -> Status {
        if existing.flags() != new.flags {
            return Status::ExistsWithDifferentFlags;
        }
        if existing.pending != new.pending {
            return Status::ExistsWithDifferentPendingId;
        }
        if existing.timeout_seconds != new.timeout_seconds {
            return Status::ExistsWithDifferentTimeout;
        }
        let pending = existing.pending.and_then(|id| self.find(id));
        let may_be_empty = pending.is_some();
        let is_other = |id: Option<AccountId>, number| match id {
            Some(id) => self.number_of(id) != Some(number),
            None => !may_be_empty,
        };
        if is_other(new.debit_account, existing.debit_account) {
            return Status::ExistsWithDifferentDebitAccountId;
        }
        if is_other(new.credit_account, existing.credit_account) {
            return Status::ExistsWithDifferentCreditAccountId;
        }
        let filled = pending.map(|pending| self.resolve(new, pending, existing.kind));
        let (amount, user_data, ledger, code) = match &filled {
            Some(filled) => (filled.amount, &filled.user_data, filled.ledger, filled.code),
            None => (new.amount, &new.user_data, new.ledger, new.code),
        };
        if existing.amount != amount {
            Status::ExistsWithDifferentAmount
        } else if existing.user_data != *user_data {
            Status::ExistsWithDifferentUserData
        } else if existing.ledger != ledger {
            Status::ExistsWithDifferentLedger
        } else if existing.code != code {
            Status::ExistsWithDifferentCode
        } else if existing.effective_time != new.effective_time {
            Status::ExistsWithDifferentEffectiveTime
        } else {
            Status::Exists
        }
    }

    fn find(&self, id: TransferId) -> Option<&Transfer> {
        match self.created_by_id.get(&id) {
            Some(index) => Some(&self.created[*index].transfer),
            None => self.stored.get(&id),
        }
    }

    fn number_of(&self, id: AccountId) -> Option<AccountNumber> {
        self.by_id.get(&id).map(|index| self.parties[*index].number)
    }

    fn enter(&mut self, created: Posting) {
        let transfer = &created.transfer;
        let change = transfer.change();
        self.parties[created.debit].balance.apply(Side::Debit, change);
        self.parties[created.credit].balance.apply(Side::Credit, change);
        if let (Some(pending), Some(resolution)) = (transfer.pending, transfer.resolution()) {
            self.resolved.insert(pending, resolution);
        }
        self.created_by_id.insert(transfer.id, self.created.len());
        self.created.push(created);
    }

    /// Takes back everything that was created since `mark`, the last first.
    fn undo_to(&mut self, mark: usize) {
        while self.created.len() > mark {
            let Posting { transfer, debit, credit } =
                self.created.pop().expect("there are more than `mark`");
            let change = transfer.change().reversed();
            self.parties[debit].balance.apply(Side::Debit, change);
            self.parties[credit].balance.apply(Side::Credit, change);
            if let Some(pending) = transfer.pending {
                self.resolved.remove(&pending);
            }
            self.created_by_id.remove(&transfer.id);
        }
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
