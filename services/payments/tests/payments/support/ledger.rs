//! A scripted ledger that keeps its transfers by TigerBeetle's rules, as far as payments need them,
//! and fails on request.

// A fake may refuse in any way that a server can.
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use pb::CreateTransferStatus as S;
use souk_client::ledger::v1 as pb;
use souk_testkit::Fake;
use tonic::Status;

const CREATE_TRANSFERS: &str = "/souk.ledger.v1.LedgerService/CreateTransfers";

/// How the ledger answers CreateTransfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Nothing arrives.
    Down,
    /// Everything is done and no response comes back.
    LosesAnswers,
    /// Every transfer is refused.
    Refuses,
    /// Nothing is done, and the response is empty.
    AnswersNothing,
    /// Nothing is done, and each transfer is answered as created without saying which.
    AnswersNoNames,
    /// Nothing is done, and other transfers are answered as created.
    AnswersOthers,
    /// Nothing is done, and another amount is answered as created.
    AnswersAnotherAmount,
    /// Everything is done, and the response says nothing of it.
    DoesAndAnswersNothing,
}

#[derive(Default)]
struct Book {
    accounts: BTreeSet<String>,
    transfers: BTreeMap<String, pb::Transfer>,
    mood: Option<Mood>,
}

/// The scripted ledger.
pub struct FakeLedger {
    fake: Fake,
    book: Arc<Mutex<Book>>,
}

impl FakeLedger {
    pub async fn start() -> FakeLedger {
        let fake = Fake::start().await;
        let book = Arc::new(Mutex::new(Book::default()));
        let with = |book: &Arc<Mutex<Book>>| book.clone();

        fake.on(
            "/souk.ledger.v1.LedgerService/CreateLedger",
            move |request: pb::CreateLedgerRequest| {
                Ok(pb::CreateLedgerResponse { ledger: request.ledger })
            },
        );
        let own = with(&book);
        fake.on(
            "/souk.ledger.v1.LedgerService/CreateAccounts",
            move |request: pb::CreateAccountsRequest| {
                let mut book = own.lock();
                let status = pb::CreateAccountStatus::Created as i32;
                let result = pb::CreateAccountResult { status, ..Default::default() };
                let results = vec![result; request.accounts.len()];
                book.accounts
                    .extend(request.accounts.into_iter().map(|account| account.account_id));
                Ok(pb::CreateAccountsResponse { results })
            },
        );
        let own = with(&book);
        fake.on(CREATE_TRANSFERS, move |request: pb::CreateTransfersRequest| {
            own.lock().create(request)
        });
        let own = with(&book);
        fake.on(
            "/souk.ledger.v1.LedgerService/LookupTransfers",
            move |request: pb::LookupTransfersRequest| {
                let book = own.lock();
                let transfers = request
                    .transfer_ids
                    .iter()
                    .filter_map(|id| book.transfers.get(id).cloned())
                    .collect();
                Ok(pb::LookupTransfersResponse { transfers, ..Default::default() })
            },
        );
        let own = with(&book);
        fake.on(
            "/souk.ledger.v1.LedgerService/LookupAccounts",
            move |request: pb::LookupAccountsRequest| {
                let book = own.lock();
                let known = request.account_ids.iter().filter(|id| book.accounts.contains(*id));
                Ok(pb::LookupAccountsResponse {
                    accounts: known.map(|id| book.account(id)).collect(),
                    ..Default::default()
                })
            },
        );
        FakeLedger { fake, book }
    }

    pub fn url(&self) -> String {
        self.fake.url()
    }

    pub fn set(&self, mood: Mood) {
        self.book.lock().mood = Some(mood);
    }

    /// Returns how often transfers were sent.
    pub fn calls(&self) -> usize {
        self.fake.calls(CREATE_TRANSFERS)
    }

    /// Returns the transfers that carry a payment's id, by id of the transfer.
    pub fn transfers_of(&self, payment_id: &str) -> Vec<pb::Transfer> {
        let book = self.book.lock();
        book.transfers
            .values()
            .filter(|transfer| transfer.user_data == payment_id)
            .cloned()
            .collect()
    }

    /// Returns what is set aside and what was posted as a sale for a payment.
    pub fn held_and_sold(&self, payment_id: &str) -> (i64, i64) {
        let transfers = self.transfers_of(payment_id);
        let pending = transfers
            .iter()
            .filter(|transfer| transfer.pending_state() == pb::PendingState::Pending);
        let is_post = |transfer: &&pb::Transfer| {
            transfer.flags.is_some_and(|flags| flags.post_pending_transfer)
        };
        (
            pending.map(|transfer| transfer.amount).sum(),
            transfers.iter().filter(is_post).map(|transfer| transfer.amount).sum(),
        )
    }

    /// Forgets all transfers of a payment, as a ledger does that was restored from an older backup.
    pub fn forget_all_of(&self, payment_id: &str) {
        self.book.lock().transfers.retain(|_, transfer| transfer.user_data != payment_id);
    }

    /// Forgets a transfer, as no ledger does.
    pub fn forget_one_of(&self, payment_id: &str) {
        let id = self.transfers_of(payment_id)[0].transfer_id.clone();
        self.book.lock().transfers.remove(&id);
    }
}

impl Book {
    fn create(
        &mut self,
        request: pb::CreateTransfersRequest,
    ) -> Result<pb::CreateTransfersResponse, Status> {
        let named: Vec<(String, i64)> =
            request.transfers.iter().map(|new| (new.transfer_id.clone(), new.amount)).collect();
        let answer = |statuses: Vec<S>| pb::CreateTransfersResponse {
            results: statuses
                .into_iter()
                .zip(&named)
                .map(|(status, (id, amount))| pb::CreateTransferResult {
                    status: status as i32,
                    transfer_id: id.clone(),
                    amount: *amount,
                    ..Default::default()
                })
                .collect(),
        };
        let garbage = |change: fn(&mut pb::CreateTransferResult)| {
            let mut answer = answer(vec![S::Created; named.len()]);
            answer.results.iter_mut().for_each(change);
            answer
        };
        match self.mood {
            Some(Mood::AnswersNothing) => return Ok(pb::CreateTransfersResponse::default()),
            Some(Mood::AnswersNoNames) => return Ok(garbage(|result| result.transfer_id.clear())),
            Some(Mood::AnswersOthers) => {
                return Ok(garbage(|result| {
                    result.transfer_id = "transfer_00000000000000000000000000".into()
                }));
            }
            Some(Mood::AnswersAnotherAmount) => return Ok(garbage(|result| result.amount += 1)),
            Some(Mood::Down) => return Err(Status::unavailable("down")),
            Some(Mood::Refuses) => {
                return Ok(answer(vec![S::OverflowsDebits; request.transfers.len()]));
            }
            _ => {}
        }
        let mut statuses = Vec::new();
        let mut rest = request.transfers.as_slice();
        while !rest.is_empty() {
            let is_linked =
                |transfer: &pb::NewTransfer| transfer.flags.is_some_and(|flags| flags.linked);
            let length = rest.iter().take_while(|transfer| is_linked(transfer)).count() + 1;
            let (chain, after) = rest.split_at(length.min(rest.len()));
            statuses.extend(self.create_chain(chain));
            rest = after;
        }
        match self.mood {
            Some(Mood::LosesAnswers) => Err(Status::unavailable("lost")),
            Some(Mood::DoesAndAnswersNothing) => Ok(pb::CreateTransfersResponse::default()),
            _ => Ok(answer(statuses)),
        }
    }

    fn create_chain(&mut self, chain: &[pb::NewTransfer]) -> Vec<S> {
        let before = self.transfers.clone();
        let statuses: Vec<S> = chain.iter().map(|transfer| self.create_one(transfer)).collect();
        let all = |wanted: S| statuses.iter().all(|status| *status == wanted);
        if all(S::Created) || all(S::Exists) {
            return statuses;
        }
        self.transfers = before;
        let told =
            |status: S| if matches!(status, S::Created) { S::LinkedEventFailed } else { status };
        statuses.into_iter().map(told).collect()
    }

    fn create_one(&mut self, new: &pb::NewTransfer) -> S {
        let flags = new.flags.unwrap_or_default();
        if let Some(found) = self.transfers.get(&new.transfer_id) {
            let is_same = (found.amount, &found.pending_id, found.effective_time)
                == (new.amount, &new.pending_id, new.effective_time);
            return if is_same { S::Exists } else { S::ExistsWithDifferentAmount };
        }
        if !self.accounts.contains(&new.debit_account_id) {
            return S::DebitAccountNotFound;
        }
        let mut pending_state = pb::PendingState::Unspecified;
        if flags.post_pending_transfer || flags.void_pending_transfer {
            let Some(pending) = self.transfers.get_mut(&new.pending_id) else {
                return S::PendingTransferNotFound;
            };
            match pending.pending_state() {
                pb::PendingState::Pending => {}
                pb::PendingState::Posted => return S::PendingTransferAlreadyPosted,
                _ => return S::PendingTransferAlreadyVoided,
            }
            if new.amount > pending.amount
                || (flags.void_pending_transfer && new.amount != pending.amount)
            {
                return S::ExceedsPendingTransferAmount;
            }
            pending.set_pending_state(match flags.post_pending_transfer {
                true => pb::PendingState::Posted,
                false => pb::PendingState::Voided,
            });
        } else if flags.pending {
            pending_state = pb::PendingState::Pending;
        }
        if new.amount == 0 {
            return S::AmountMustNotBeZero;
        }
        let transfer = pb::Transfer {
            transfer_id: new.transfer_id.clone(),
            debit_account_id: new.debit_account_id.clone(),
            credit_account_id: new.credit_account_id.clone(),
            amount: new.amount,
            pending_id: new.pending_id.clone(),
            user_data: new.user_data.clone(),
            timeout_seconds: new.timeout_seconds,
            ledger: new.ledger,
            code: new.code,
            flags: new.flags,
            effective_time: new.effective_time,
            create_time: new.effective_time,
            pending_state: pending_state as i32,
            ..Default::default()
        };
        self.transfers.insert(new.transfer_id.clone(), transfer);
        S::Created
    }

    fn account(&self, id: &str) -> pb::Account {
        let mut account = pb::Account { account_id: id.to_owned(), ..Default::default() };
        for transfer in self.transfers.values() {
            let flags = transfer.flags.unwrap_or_default();
            let (posted, pending) = match flags.pending {
                true if transfer.pending_state() == pb::PendingState::Pending => {
                    (0, transfer.amount)
                }
                true => (0, 0),
                false if flags.void_pending_transfer => (0, 0),
                false => (transfer.amount, 0),
            };
            if transfer.debit_account_id == id {
                account.debits_posted += posted;
                account.debits_pending += pending;
            }
            if transfer.credit_account_id == id {
                account.credits_posted += posted;
                account.credits_pending += pending;
            }
        }
        account
    }
}
