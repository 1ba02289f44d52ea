//! Random walks through the states of a ledger, the rules and the model side by side, every
//! invariant asserted after every step; and shorter ones over gRPC, on both engines.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::account::AccountFlags;
use ledger::balance::{Balance, Side};
use ledger::book::Book;
use ledger::party::Party;
use ledger::transfer::{Kind, NewTransfer, Resolution, Transfer, TransferFlags};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine};
use souk_types::{AccountId, Timestamp, TransferId};

use crate::model::{FAR_AHEAD, Limit, Model, ModelAccount};
use crate::support::{GBP, Status, TestLedger};

const NAMES: [&str; 5] = ["a", "b", "debt", "asset", "nobody"];
const IDS: usize = 40;

fn account(place: usize) -> AccountId {
    AccountId::derive(b"test", NAMES[place])
}

fn transfer(place: usize) -> TransferId {
    TransferId::derive(b"walk", &place.to_string())
}

fn model() -> Model {
    let limits = [Limit::None, Limit::None, Limit::Debits, Limit::Credits];
    Model::new(
        limits
            .iter()
            .enumerate()
            .map(|(n, limit)| ModelAccount { id: account(n), ledger: GBP, limit: *limit })
            .collect(),
    )
}

/// One step of a walk.
#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<NewTransfer>),
    Wait { seconds: u64 },
    Expire,
}

/// Mostly sensible transfers over few ids and accounts, so that they meet; some of them spoiled in
/// one field.
fn new_transfer() -> impl Strategy<Value = NewTransfer> {
    let accounts = prop_oneof![8 => (0..4usize, 0..4usize), 1 => (0..5usize, 0..5usize)];
    let kind = prop_oneof![5 => Just(0), 4 => Just(1), 4 => Just(2), 2 => Just(3)];
    let timeout = prop_oneof![2 => Just(0u32), 1 => 1..20u32];
    (0..IDS, accounts, 0..30i64, kind, 0..IDS, timeout, prop::bool::weighted(0.25), 0..60u32)
        .prop_map(|(id, (debit, credit), amount, kind, pending, timeout, linked, spoil)| {
            let resolves = kind >= 2;
            let mut new = NewTransfer {
                id: transfer(id),
                debit_account: (!resolves || amount % 5 == 0).then(|| account(debit)),
                credit_account: (!resolves || amount % 7 == 0).then(|| account(credit)),
                amount: if kind == 3 || (kind == 2 && amount % 2 == 0) { 0 } else { amount.max(1) },
                pending: resolves.then(|| transfer(pending)),
                user_data: if amount % 3 == 0 { "note".into() } else { String::new() },
                timeout_seconds: if kind == 1 { timeout } else { 0 },
                ledger: if resolves { 0 } else { GBP },
                code: if resolves { 0 } else { 1 },
                flags: TransferFlags {
                    linked,
                    pending: kind == 1,
                    post_pending_transfer: kind == 2,
                    void_pending_transfer: kind == 3,
                    expired: false,
                },
                effective_time: None,
            };
            match spoil {
                0 => new.amount = 0,
                1 => new.ledger = 840,
                2 => new.code = 2,
                3 => new.timeout_seconds = 3,
                4 => new.pending = Some(transfer(pending)),
                5 => new.pending = None,
                6 => new.flags.pending = true,
                7 => new.flags.expired = true,
                8 => new.debit_account = None,
                9 => new.credit_account = Some(account(credit)),
                10 => new.effective_time = Some(Timestamp::from_micros(5)),
                11 => new.amount = 1_000_000_000_000_000,
                12 => new.pending = Some(new.id),
                13 => new.effective_time = Some(FAR_AHEAD),
                _ => {}
            }
            new
        })
}

fn batch() -> impl Strategy<Value = Vec<NewTransfer>> {
    prop::collection::vec(new_transfer(), 1..8).prop_map(|mut batch| {
        // Most batches end their chains; an open one now and then is enough.
        if batch.len() % 4 != 0 {
            batch.last_mut().expect("never empty").flags.linked = false;
        }
        batch
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => batch().prop_map(Step::Batch),
        1 => (1..8u64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Expire),
    ]
}

/// What a store would keep, in memory.
struct Kept {
    parties: BTreeMap<i64, Party>,
    log: Vec<Transfer>,
    next: i64,
}

impl Kept {
    fn new() -> Self {
        let flags = [(false, false), (false, false), (true, false), (false, true)];
        let parties = flags.iter().enumerate().map(|(n, (debits, credits))| {
            let number = n as i64 + 1;
            let flags = AccountFlags {
                linked: false,
                debits_must_not_exceed_credits: *debits,
                credits_must_not_exceed_debits: *credits,
            };
            let party = Party {
                number,
                id: account(n),
                ledger: GBP,
                flags,
                balance: Balance::default(),
                transfer_count: 0,
                last_sequence: 0,
                last_time: Timestamp::from_micros(0),
            };
            (number, party)
        });
        Kept { parties: parties.collect(), log: Vec::new(), next: 1 }
    }

    fn open(&self, second: u64) -> Book {
        let resolved: Vec<(TransferId, Resolution)> = self
            .log
            .iter()
            .filter_map(|transfer| transfer.pending.zip(transfer.resolution()))
            .collect();
        let now = Timestamp::from_micros(0).plus(Duration::from_secs(second));
        Book::new(now, self.parties.values().cloned().collect(), self.log.clone(), resolved)
    }

    fn keep(&mut self, book: Book) {
        let entries = book.close(self.next);
        self.next += entries.transfers.len() as i64;
        self.log.extend(entries.transfers);
        for party in entries.parties {
            self.parties.insert(party.number, party);
        }
    }

    /// Asserts everything that must hold, whatever happened.
    fn check(&self) {
        let mut replayed: BTreeMap<i64, (Balance, i64, i64)> = BTreeMap::new();
        for transfer in self.log.iter().filter(|entry| entry.kind != Kind::Refused) {
            for (number, side, previous) in [
                (transfer.debit_account, Side::Debit, transfer.debit_previous),
                (transfer.credit_account, Side::Credit, transfer.credit_previous),
            ] {
                let (balance, count, last) = replayed.entry(number).or_default();
                assert_eq!(*last, previous, "a history is one line");
                balance.apply(side, transfer.change());
                *count += 1;
                *last = transfer.sequence;
            }
        }
        let mut pending = 0i128;
        let mut posted = 0i128;
        for party in self.parties.values() {
            let balance = party.balance;
            let expected = replayed.get(&party.number).copied().unwrap_or_default();
            assert_eq!(
                (balance, party.transfer_count, party.last_sequence),
                expected,
                "the log gives the account"
            );
            let sums = [
                balance.debits_pending,
                balance.debits_posted,
                balance.credits_pending,
                balance.credits_posted,
            ];
            assert!(sums.iter().all(|sum| *sum >= 0), "no sum is negative");
            assert!(
                !party.flags.debits_must_not_exceed_credits
                    || balance.debits() <= balance.credits_posted
            );
            assert!(
                !party.flags.credits_must_not_exceed_debits
                    || balance.credits() <= balance.debits_posted
            );
            pending += i128::from(balance.debits_pending) - i128::from(balance.credits_pending);
            posted += i128::from(balance.debits_posted) - i128::from(balance.credits_posted);
        }
        assert_eq!((pending, posted), (0, 0), "debits equal credits");
        let mut resolved: Vec<_> =
            self.log.iter().filter_map(|transfer| transfer.pending).collect();
        resolved.sort();
        assert!(
            resolved.windows(2).all(|pair| pair[0] != pair[1]),
            "a pending transfer resolves at most once"
        );
    }
}

#[test]
fn the_rules_agree_with_the_model_on_every_walk() {
    let mut seen = BTreeMap::new();
    let config = Config { cases: 1500, failure_persistence: None, ..Config::default() };
    let walk = TestRunner::new(config).run(&prop::collection::vec(step(), 1..60), |steps| {
        let mut model = model();
        let mut kept = Kept::new();
        for step in steps {
            match step {
                Step::Wait { seconds } => model.second += seconds,
                Step::Expire => {
                    let mut book = kept.open(model.second);
                    let pending: Vec<_> = kept
                        .log
                        .iter()
                        .filter(|transfer| transfer.kind == Kind::Pending)
                        .map(|t| t.id)
                        .collect();
                    book.expire(&pending);
                    prop_assert_eq!(book.created_count(), model.expire());
                    kept.keep(book);
                }
                Step::Batch(batch) => {
                    let mut book = kept.open(model.second);
                    let statuses = book.apply(&batch);
                    prop_assert_eq!(&statuses, &model.apply(&batch));
                    for status in statuses {
                        *SEEN.lock().unwrap().entry(status.as_str_name()).or_insert(0) += 1;
                    }
                    kept.keep(book);
                }
            }
            for party in kept.parties.values() {
                let balance = party.balance;
                let sums = [
                    balance.debits_pending,
                    balance.debits_posted,
                    balance.credits_pending,
                    balance.credits_posted,
                ];
                prop_assert_eq!(sums, model.sums(party.id));
            }
            kept.check();
        }
        Ok(())
    });
    walk.unwrap();

    // Walks that meet only the easy cases would prove little.
    seen.extend(SEEN.lock().unwrap().clone());
    for expected in [
        Status::Created,
        Status::Exists,
        Status::LinkedEventFailed,
        Status::LinkedEventChainOpen,
        Status::IdRepeatedInChain,
        Status::ExceedsCredits,
        Status::ExceedsDebits,
        Status::ExceedsPendingTransferAmount,
        Status::PendingTransferAlreadyPosted,
        Status::PendingTransferAlreadyVoided,
        Status::PendingTransferExpired,
        Status::PendingTransferNotPending,
        Status::ExistsWithDifferentAmount,
        Status::ExistsWithDifferentFlags,
        Status::ExistsWithDifferentPendingId,
    ] {
        assert!(
            seen.contains_key(expected.as_str_name()),
            "no walk came to {expected:?}: {seen:?}"
        );
    }
}

static SEEN: std::sync::Mutex<BTreeMap<&str, u64>> = std::sync::Mutex::new(BTreeMap::new());

fn on_the_wire(new: &NewTransfer) -> pb::NewTransfer {
    let text = |id: Option<AccountId>| id.map(|id| id.to_string()).unwrap_or_default();
    pb::NewTransfer {
        transfer_id: new.id.to_string(),
        debit_account_id: text(new.debit_account),
        credit_account_id: text(new.credit_account),
        amount: new.amount,
        pending_id: new.pending.map(|id| id.to_string()).unwrap_or_default(),
        user_data: new.user_data.clone(),
        timeout_seconds: new.timeout_seconds,
        ledger: new.ledger,
        code: new.code,
        flags: Some(pb::TransferFlags {
            linked: new.flags.linked,
            pending: new.flags.pending,
            post_pending_transfer: new.flags.post_pending_transfer,
            void_pending_transfer: new.flags.void_pending_transfer,
            expired: new.flags.expired,
        }),
        effective_time: new.effective_time.map(Into::into),
    }
}

on_each_engine! {
    async fn the_service_agrees_with_the_model_on_a_long_walk(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let mut model = model();
        let mut runner = TestRunner::deterministic();
        for _ in 0..150 {
            let mut batch = batch().new_tree(&mut runner).unwrap().current();
            for new in &mut batch {
                // The clock of this service runs by itself; expiry has tests of its own.
                if new.timeout_seconds > 0 {
                    new.timeout_seconds += 3600;
                }
            }
            let statuses = ledger.create(batch.iter().map(on_the_wire).collect()).await;
            assert_eq!(statuses, model.apply(&batch), "{batch:?}");
            for (place, name) in NAMES[..4].iter().enumerate() {
                assert_eq!(<[i64; 4]>::from(ledger.sums(name).await), model.sums(account(place)));
            }
        }
        ledger.finish().await;
    }
}
