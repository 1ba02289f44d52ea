//! Every way a transfer is created or refused, on small books.

use std::time::Duration;

use super::*;
use crate::account::AccountFlags;
use crate::balance::Balance;
use crate::transfer::TransferFlags;

const LEDGER: u32 = 826;
const START: Timestamp = Timestamp::from_micros(1_000_000);

const PENDING: TransferFlags = TransferFlags {
    linked: false,
    pending: true,
    post_pending_transfer: false,
    void_pending_transfer: false,
    expired: false,
};
const POST: TransferFlags = TransferFlags {
    linked: false,
    pending: false,
    post_pending_transfer: true,
    void_pending_transfer: false,
    expired: false,
};
const VOID: TransferFlags = TransferFlags {
    linked: false,
    pending: false,
    post_pending_transfer: false,
    void_pending_transfer: true,
    expired: false,
};

fn account(name: &str) -> AccountId {
    AccountId::derive(b"account", name)
}

fn id(name: &str) -> TransferId {
    TransferId::derive(b"transfer", name)
}

fn party(number: AccountNumber, name: &str, flags: AccountFlags) -> Party {
    Party {
        number,
        id: account(name),
        ledger: LEDGER,
        flags,
        balance: Balance::default(),
        transfer_count: 0,
        last_sequence: 0,
        last_time: Timestamp::from_micros(0),
    }
}

/// Accounts: `a`, `b` without limits; `asset` and `debt` with them; `foreign` in another ledger.
fn parties() -> Vec<Party> {
    let none = AccountFlags::default();
    vec![
        party(1, "a", none),
        party(2, "b", none),
        party(3, "debt", AccountFlags { debits_must_not_exceed_credits: true, ..none }),
        party(4, "asset", AccountFlags { credits_must_not_exceed_debits: true, ..none }),
        Party { ledger: 840, ..party(5, "foreign", none) },
    ]
}

fn book() -> Book {
    Book::new(START, parties(), vec![], vec![])
}

fn transfer(name: &str, debit: &str, credit: &str, amount: i64) -> NewTransfer {
    NewTransfer {
        id: id(name),
        debit_account: Some(account(debit)),
        credit_account: Some(account(credit)),
        amount,
        pending: None,
        user_data: String::new(),
        timeout_seconds: 0,
        ledger: LEDGER,
        code: 1,
        flags: TransferFlags::default(),
        effective_time: None,
    }
}

fn pending(name: &str, amount: i64, timeout_seconds: u32) -> NewTransfer {
    NewTransfer {
        flags: PENDING,
        timeout_seconds,
        user_data: "order 1".into(),
        ..transfer(name, "a", "b", amount)
    }
}

fn resolving(name: &str, flags: TransferFlags, pending: &str, amount: i64) -> NewTransfer {
    NewTransfer {
        debit_account: None,
        credit_account: None,
        pending: Some(id(pending)),
        ledger: 0,
        code: 0,
        flags,
        ..transfer(name, "a", "b", amount)
    }
}

fn linked(mut transfer: NewTransfer) -> NewTransfer {
    transfer.flags.linked = true;
    transfer
}

fn balance(book: &Book, name: &str) -> (i64, i64, i64, i64) {
    let balance = book.parties[book.by_id[&account(name)]].balance;
    (balance.debits_pending, balance.debits_posted, balance.credits_pending, balance.credits_posted)
}

/// Closes a book and opens the next one on what it wrote.
fn reopen(book: Book, now: Timestamp) -> Book {
    let stored: Vec<Transfer> = book.stored.values().cloned().collect();
    let all = book.parties.clone();
    let resolved = book.resolved.clone();
    let entries = book.close(100);
    let parties = all
        .into_iter()
        .map(|party| {
            entries
                .parties
                .iter()
                .find(|changed| changed.number == party.number)
                .cloned()
                .unwrap_or(party)
        })
        .collect();
    let stored = stored.into_iter().chain(entries.transfers).collect();
    Book::new(now, parties, stored, resolved.into_iter().collect())
}

#[test]
fn a_single_transfer_debits_one_account_and_credits_the_other() {
    let mut book = book();
    assert_eq!(book.apply(&[transfer("1", "a", "b", 500)]), [Status::Created]);
    assert_eq!(balance(&book, "a"), (0, 500, 0, 0));
    assert_eq!(balance(&book, "b"), (0, 0, 0, 500));
}

#[test]
fn a_repeat_exists_in_the_same_batch_and_in_a_later_one() {
    let mut book = book();
    let one = transfer("1", "a", "b", 500);
    assert_eq!(book.apply(&[one.clone(), one.clone()]), [Status::Created, Status::Exists]);
    let mut book = reopen(book, START);
    assert_eq!(book.apply(&[one]), [Status::Exists]);
    assert_eq!(balance(&book, "a"), (0, 500, 0, 0));
}

#[test]
fn an_id_used_for_something_else_is_refused_by_the_field_that_differs() {
    let mut book = book();
    let first = pending("1", 500, 60);
    assert_eq!(book.apply(&[first.clone(), transfer("2", "a", "b", 1)]), [Status::Created; 2]);
    let others = [
        (
            NewTransfer { flags: TransferFlags::default(), timeout_seconds: 0, ..first.clone() },
            Status::ExistsWithDifferentFlags,
        ),
        (
            NewTransfer { pending: Some(id("2")), ..first.clone() },
            Status::ExistsWithDifferentPendingId,
        ),
        (NewTransfer { timeout_seconds: 61, ..first.clone() }, Status::ExistsWithDifferentTimeout),
        (
            NewTransfer { debit_account: Some(account("b")), ..first.clone() },
            Status::ExistsWithDifferentDebitAccountId,
        ),
        (
            NewTransfer { debit_account: None, ..first.clone() },
            Status::ExistsWithDifferentDebitAccountId,
        ),
        (
            NewTransfer { credit_account: Some(account("none")), ..first.clone() },
            Status::ExistsWithDifferentCreditAccountId,
        ),
        (NewTransfer { amount: 499, ..first.clone() }, Status::ExistsWithDifferentAmount),
        (
            NewTransfer { user_data: "order 2".into(), ..first.clone() },
            Status::ExistsWithDifferentUserData,
        ),
        (NewTransfer { ledger: 840, ..first.clone() }, Status::ExistsWithDifferentLedger),
        (NewTransfer { code: 2, ..first.clone() }, Status::ExistsWithDifferentCode),
        (
            NewTransfer { effective_time: Some(START), ..first.clone() },
            Status::ExistsWithDifferentEffectiveTime,
        ),
    ];
    for (other, status) in others {
        assert_eq!(book.apply(&[other]), [status]);
    }
    assert_eq!(book.apply(&[first]), [Status::Exists]);
}

#[test]
fn what_is_wrong_with_a_movement_itself_is_refused() {
    let good = transfer("1", "a", "b", 500);
    let with = |flags: TransferFlags| NewTransfer { flags, ..good.clone() };
    let refused = [
        (with(TransferFlags { expired: true, ..VOID }), Status::ReservedFlag),
        (with(TransferFlags { pending: true, ..POST }), Status::FlagsAreMutuallyExclusive),
        (with(TransferFlags { pending: true, ..VOID }), Status::FlagsAreMutuallyExclusive),
        (
            with(TransferFlags { post_pending_transfer: true, ..VOID }),
            Status::FlagsAreMutuallyExclusive,
        ),
        (NewTransfer { debit_account: None, ..good.clone() }, Status::DebitAccountIdMustNotBeEmpty),
        (
            NewTransfer { credit_account: None, ..good.clone() },
            Status::CreditAccountIdMustNotBeEmpty,
        ),
        (
            NewTransfer { credit_account: Some(account("a")), ..good.clone() },
            Status::AccountsMustBeDifferent,
        ),
        (NewTransfer { pending: Some(id("2")), ..good.clone() }, Status::PendingIdMustBeEmpty),
        (
            NewTransfer { timeout_seconds: 1, ..good.clone() },
            Status::TimeoutReservedForPendingTransfer,
        ),
        (NewTransfer { amount: 0, ..good.clone() }, Status::AmountMustNotBeZero),
        (NewTransfer { ledger: 0, ..good.clone() }, Status::LedgerMustNotBeZero),
        (NewTransfer { code: 0, ..good.clone() }, Status::CodeMustNotBeZero),
        (
            NewTransfer { debit_account: Some(account("x")), ..good.clone() },
            Status::DebitAccountNotFound,
        ),
        (
            NewTransfer { credit_account: Some(account("x")), ..good.clone() },
            Status::CreditAccountNotFound,
        ),
        (
            NewTransfer { credit_account: Some(account("foreign")), ..good.clone() },
            Status::AccountsMustHaveTheSameLedger,
        ),
        (
            NewTransfer { ledger: 840, ..good.clone() },
            Status::TransferMustHaveTheSameLedgerAsAccounts,
        ),
    ];
    for (transfer, status) in refused {
        let mut book = book();
        assert_eq!(book.apply(&[transfer]), [status]);
        assert_eq!(book.created_count(), 0);
    }
}

#[test]
fn what_could_be_created_later_is_refused_for_ever_and_written_down() {
    let mut first = book();
    let overdrawn = transfer("1", "debt", "a", 1);
    let batch = [
        overdrawn.clone(),
        linked(transfer("2", "a", "b", 5)),
        resolving("3", POST, "unknown", 0),
        transfer("4", "a", "b", 0),
        overdrawn.clone(),
        transfer("5", "a", "debt", 10),
    ];
    assert_eq!(
        first.apply(&batch),
        [
            Status::ExceedsCredits,
            Status::LinkedEventFailed,
            Status::PendingTransferNotFound,
            Status::AmountMustNotBeZero,
            Status::IdAlreadyFailed,
            Status::Created,
        ]
    );
    assert!(!first.is_unchanged());
    let entries = first.close(10);
    let rows: Vec<_> = entries.transfers.iter().map(|t| (t.sequence, t.id, t.kind)).collect();
    let refused = Kind::Refused;
    assert_eq!(rows, [(10, id("5"), Kind::Single), (11, id("1"), refused), (12, id("3"), refused)]);
    assert_eq!(entries.parties.len(), 2, "a refusal changes no account");

    let mut next = Book::new(START, entries.parties, entries.transfers, vec![]);
    assert_eq!(next.apply(&[overdrawn]), [Status::IdAlreadyFailed]);
    assert!(next.is_unchanged(), "it is written down once");
    assert_eq!(next.apply(&[transfer("6", "debt", "a", 1)]), [Status::Created]);
}

#[test]
fn a_transfer_happens_a_minute_after_it_is_recorded_at_the_latest() {
    let at =
        |time: Timestamp| NewTransfer { effective_time: Some(time), ..transfer("1", "a", "b", 5) };
    let latest = START.plus(MOST_AHEAD);
    let too_late = latest.plus(Duration::from_micros(1));
    let mut book = book();
    assert_eq!(book.apply(&[at(too_late)]), [Status::EffectiveTimeMustNotBeAhead]);
    assert_eq!(book.apply(&[at(latest)]), [Status::Created]);
}

#[test]
fn a_verdict_has_the_time_of_what_is_there() {
    let mut book = book();
    let batch =
        [transfer("1", "a", "b", 5), transfer("1", "a", "b", 5), transfer("1", "a", "b", 6)];
    let statuses = book.apply(&batch);
    let times = book.verdicts(&batch, &statuses);
    let times: Vec<_> = times.iter().map(|verdict| verdict.create_time).collect();
    assert_eq!(times, [Some(START), Some(START), None]);
}

#[test]
fn an_account_never_leaves_its_range() {
    let mut book = book();
    assert_eq!(book.apply(&[transfer("1", "a", "b", i64::MAX)]), [Status::Created]);
    assert_eq!(book.apply(&[transfer("2", "a", "debt", 1)]), [Status::OverflowsDebits]);
    assert_eq!(book.apply(&[transfer("3", "asset", "b", 1)]), [Status::OverflowsCredits]);
}

#[test]
fn debits_do_not_exceed_posted_credits_where_the_account_says_so() {
    let mut book = book();
    assert_eq!(book.apply(&[transfer("1", "debt", "a", 1)]), [Status::ExceedsCredits]);
    let unposted = NewTransfer { flags: PENDING, ..transfer("2", "a", "debt", 10) };
    assert_eq!(
        book.apply(&[unposted, transfer("3", "debt", "a", 1)]),
        [Status::Created, Status::ExceedsCredits]
    );
    let spent = [
        transfer("4", "a", "debt", 10),
        transfer("5", "debt", "a", 6),
        transfer("6", "debt", "a", 5),
    ];
    assert_eq!(book.apply(&spent), [Status::Created, Status::Created, Status::ExceedsCredits]);
    let aside = NewTransfer { flags: PENDING, ..transfer("7", "debt", "a", 4) };
    assert_eq!(
        book.apply(&[aside, transfer("8", "debt", "a", 1)]),
        [Status::Created, Status::ExceedsCredits]
    );
}

#[test]
fn credits_do_not_exceed_posted_debits_where_the_account_says_so() {
    let mut book = book();
    assert_eq!(book.apply(&[transfer("1", "a", "asset", 1)]), [Status::ExceedsDebits]);
    let spent = [
        transfer("2", "asset", "a", 10),
        transfer("3", "a", "asset", 10),
        transfer("4", "a", "asset", 1),
    ];
    assert_eq!(book.apply(&spent), [Status::Created, Status::Created, Status::ExceedsDebits]);
}

#[test]
fn posting_moves_the_amount_and_sets_the_rest_free() {
    let mut book = book();
    assert_eq!(book.apply(&[pending("p", 500, 0)]), [Status::Created]);
    assert_eq!((balance(&book, "a"), balance(&book, "b")), ((500, 0, 0, 0), (0, 0, 500, 0)));
    assert_eq!(book.apply(&[resolving("r", POST, "p", 200)]), [Status::Created]);
    assert_eq!((balance(&book, "a"), balance(&book, "b")), ((0, 200, 0, 0), (0, 0, 0, 200)));
}

#[test]
fn posting_nothing_in_particular_posts_the_whole_and_inherits_from_the_pending_transfer() {
    let mut book = book();
    assert_eq!(
        book.apply(&[pending("p", 500, 0), resolving("r", POST, "p", 0)]),
        [Status::Created; 2]
    );
    assert_eq!(balance(&book, "a"), (0, 500, 0, 0));
    let posted = &book.created[1].transfer;
    assert_eq!(
        (posted.amount, posted.ledger, posted.code, posted.user_data.as_str()),
        (500, LEDGER, 1, "order 1")
    );

    let mut book = reopen(book, START);
    let again = resolving("r", POST, "p", 0);
    let in_full = NewTransfer {
        user_data: "order 1".into(),
        pending: Some(id("p")),
        flags: POST,
        ..transfer("r", "a", "b", 500)
    };
    assert_eq!(book.apply(&[again.clone(), in_full]), [Status::Exists; 2]);
    assert_eq!(
        book.apply(&[NewTransfer { amount: 499, ..again }]),
        [Status::ExistsWithDifferentAmount]
    );
}

#[test]
fn voiding_sets_the_whole_free() {
    let mut book = book();
    assert_eq!(
        book.apply(&[pending("p", 500, 0), resolving("v", VOID, "p", 0)]),
        [Status::Created; 2]
    );
    assert_eq!((balance(&book, "a"), balance(&book, "b")), ((0, 0, 0, 0), (0, 0, 0, 0)));
}

#[test]
fn what_is_wrong_with_a_resolution_is_refused() {
    let good = resolving("r", POST, "p", 0);
    let refused = [
        (NewTransfer { pending: None, ..good.clone() }, Status::PendingIdMustNotBeEmpty),
        (NewTransfer { pending: Some(id("r")), ..good.clone() }, Status::PendingIdMustBeDifferent),
        (
            NewTransfer { timeout_seconds: 5, ..good.clone() },
            Status::TimeoutReservedForPendingTransfer,
        ),
        (resolving("r", POST, "unknown", 0), Status::PendingTransferNotFound),
        (resolving("r", VOID, "single", 0), Status::PendingTransferNotPending),
        (
            NewTransfer { debit_account: Some(account("b")), ..good.clone() },
            Status::PendingTransferHasDifferentDebitAccountId,
        ),
        (
            NewTransfer { credit_account: Some(account("x")), ..good.clone() },
            Status::PendingTransferHasDifferentCreditAccountId,
        ),
        (NewTransfer { ledger: 840, ..good.clone() }, Status::PendingTransferHasDifferentLedger),
        (NewTransfer { code: 2, ..good.clone() }, Status::PendingTransferHasDifferentCode),
        (resolving("r", POST, "p", 501), Status::ExceedsPendingTransferAmount),
        (resolving("r", VOID, "p", 501), Status::ExceedsPendingTransferAmount),
        (resolving("r", VOID, "p", 499), Status::PendingTransferHasDifferentAmount),
    ];
    for (transfer, status) in refused {
        let mut book = book();
        assert_eq!(
            book.apply(&[pending("p", 500, 0), self::transfer("single", "a", "b", 1)]),
            [Status::Created; 2]
        );
        assert_eq!(book.apply(&[transfer]), [status]);
        assert_eq!(balance(&book, "a"), (500, 1, 0, 0));
    }
}

#[test]
fn a_pending_transfer_resolves_exactly_once() {
    for (flags, refusal) in
        [(POST, Status::PendingTransferAlreadyPosted), (VOID, Status::PendingTransferAlreadyVoided)]
    {
        let mut book = book();
        assert_eq!(
            book.apply(&[pending("p", 500, 0), resolving("r", flags, "p", 0)]),
            [Status::Created; 2]
        );
        let more = [resolving("post", POST, "p", 0), resolving("void", VOID, "p", 0)];
        assert_eq!(book.apply(&more), [refusal; 2]);
        assert_eq!(reopen(book, START).apply(&more), [refusal; 2]);
    }
}

#[test]
fn a_pending_transfer_expires_with_its_timeout_and_not_before() {
    let mut opened = book();
    assert_eq!(opened.apply(&[pending("p", 500, 60), pending("q", 7, 0)]), [Status::Created; 2]);
    let just_before = START.plus(Duration::from_micros(59_999_999));
    let mut book = reopen(opened, just_before);
    book.expire(&[id("p"), id("q")]);
    assert_eq!(book.created_count(), 0);

    let mut book = reopen(book, START.plus(Duration::from_secs(60)));
    assert_eq!(book.apply(&[resolving("r", POST, "p", 0)]), [Status::PendingTransferExpired]);
    book.expire(&[id("p"), id("p"), id("q"), id("unknown")]);
    assert_eq!(book.created_count(), 1);
    assert_eq!((balance(&book, "a"), balance(&book, "b")), ((7, 0, 0, 0), (0, 0, 7, 0)));
    assert_eq!(book.apply(&[resolving("r", VOID, "p", 0)]), [Status::PendingTransferExpired]);
    let no_longer_due = reopen(book, START).close(1).no_longer_due;
    assert_eq!(no_longer_due, [], "it was taken off when the expiry was written");
}

#[test]
fn a_chain_is_created_whole_or_not_at_all() {
    let mut book = book();
    let good = [
        linked(transfer("1", "a", "b", 5)),
        linked(pending("p", 3, 0)),
        resolving("r", POST, "p", 0),
    ];
    assert_eq!(book.apply(&good), [Status::Created; 3]);
    let before = (balance(&book, "a"), balance(&book, "b"), book.created_count());

    let bad = [
        transfer("2", "a", "b", 1),
        linked(pending("q", 9, 0)),
        linked(resolving("s", POST, "q", 0)),
        linked(transfer("3", "debt", "a", 1)),
        transfer("4", "a", "b", 1),
        transfer("5", "a", "b", 1),
    ];
    let failed = Status::LinkedEventFailed;
    assert_eq!(
        book.apply(&bad),
        [Status::Created, failed, failed, Status::ExceedsCredits, failed, Status::Created]
    );
    assert_eq!(book.created_count(), before.2 + 2);
    assert_eq!(balance(&book, "a"), (0, 10, 0, 0));
    assert!(book.find(id("q")).is_none());

    // What was undone can be done: nothing of it is remembered.
    assert_eq!(
        book.apply(&[pending("q", 9, 0), resolving("s", VOID, "q", 0)]),
        [Status::Created; 2]
    );
}

#[test]
fn a_pending_transfer_that_a_failed_chain_posted_is_still_pending() {
    let mut book = book();
    assert_eq!(book.apply(&[pending("p", 5, 0)]), [Status::Created]);
    let chain = [linked(resolving("r", POST, "p", 0)), transfer("x", "debt", "a", 1)];
    assert_eq!(book.apply(&chain), [Status::LinkedEventFailed, Status::ExceedsCredits]);
    assert_eq!(book.apply(&[resolving("v", VOID, "p", 0)]), [Status::Created]);
}

#[test]
fn a_chain_repeated_whole_exists_and_one_repeated_in_part_fails() {
    let mut book = book();
    let chain = [linked(transfer("1", "a", "b", 5)), transfer("2", "b", "a", 5)];
    assert_eq!(book.apply(&chain), [Status::Created; 2]);
    assert_eq!(book.apply(&chain), [Status::Exists; 2]);
    let mixed = [linked(transfer("1", "a", "b", 5)), transfer("3", "b", "a", 5)];
    assert_eq!(book.apply(&mixed), [Status::Exists, Status::LinkedEventFailed]);
    let mixed = [linked(transfer("4", "a", "b", 5)), transfer("2", "b", "a", 5)];
    assert_eq!(book.apply(&mixed), [Status::LinkedEventFailed, Status::Exists]);
    assert_eq!(book.created_count(), 2);
}

#[test]
fn an_open_chain_and_an_id_twice_in_a_chain_are_refused() {
    let mut book = book();
    let open = [
        transfer("1", "a", "b", 5),
        linked(transfer("2", "a", "b", 5)),
        linked(transfer("3", "a", "b", 5)),
    ];
    assert_eq!(
        book.apply(&open),
        [Status::Created, Status::LinkedEventFailed, Status::LinkedEventChainOpen]
    );
    assert_eq!(book.apply(&open[2..]), [Status::LinkedEventChainOpen]);
    let twice = [
        linked(transfer("4", "a", "b", 5)),
        linked(transfer("4", "a", "b", 5)),
        transfer("5", "a", "b", 5),
    ];
    let failed = Status::LinkedEventFailed;
    assert_eq!(book.apply(&twice), [failed, Status::IdRepeatedInChain, failed]);
    assert_eq!(book.created_count(), 1);
}

#[test]
fn a_closed_book_threads_each_transfer_into_two_histories() {
    let mut book = book();
    book.apply(&[
        transfer("1", "a", "b", 5),
        transfer("2", "b", "debt", 6),
        transfer("3", "a", "b", 7),
    ]);
    let entries = book.close(100);
    let threads: Vec<_> = entries
        .transfers
        .iter()
        .map(|t| (t.sequence, t.debit_previous, t.credit_previous))
        .collect();
    assert_eq!(threads, [(100, 0, 0), (101, 100, 0), (102, 100, 101)]);
    let ends: Vec<_> =
        entries.parties.iter().map(|p| (p.number, p.last_sequence, p.transfer_count)).collect();
    assert_eq!(ends, [(1, 102, 2), (2, 102, 3), (3, 101, 1)]);
}

#[test]
fn an_account_leaves_a_checkpoint_every_so_many_transfers() {
    let mut book = book();
    let batch: Vec<_> = (0..CHECKPOINTED).map(|n| transfer(&n.to_string(), "a", "b", 1)).collect();
    book.apply(&batch);
    let checkpoints = book.close(1).checkpoints;
    let seen: Vec<_> =
        checkpoints.iter().map(|c| (c.account, c.sequence, c.balance.debits_posted)).collect();
    assert_eq!(seen, [(1, 64, 64), (2, 64, 0), (1, 128, 128), (2, 128, 0)]);
}
const CHECKPOINTED: i64 = 2 * crate::entry::CHECKPOINT_INTERVAL + 5;

#[test]
fn what_will_expire_and_what_no_longer_will_is_told() {
    let mut book = book();
    book.apply(&[
        pending("p", 5, 60),
        pending("q", 5, 60),
        pending("r", 5, 0),
        resolving("x", VOID, "q", 0),
    ]);
    let due = Due { expire_time: START.plus(Duration::from_secs(60)), pending: id("p") };
    let next = reopen_with_due(book, &[due]);
    let entries = {
        let mut next = next;
        next.apply(&[resolving("y", POST, "p", 1)]);
        next.close(200)
    };
    assert_eq!((entries.due, entries.no_longer_due), (vec![], vec![due]));
}

use crate::entry::Due;

fn reopen_with_due(book: Book, expected: &[Due]) -> Book {
    let all = book.parties.clone();
    let resolved = book.resolved.clone();
    let entries = book.close(100);
    assert_eq!((entries.due.as_slice(), entries.no_longer_due.as_slice()), (expected, &[][..]));
    let parties = all
        .into_iter()
        .map(|p| entries.parties.iter().find(|c| c.number == p.number).cloned().unwrap_or(p));
    Book::new(START, parties.collect(), entries.transfers, resolved.into_iter().collect())
}

#[test]
fn time_never_goes_back_along_the_history_of_an_account() {
    let ahead = START.plus(Duration::from_secs(5));
    let mut parties = parties();
    parties[1].last_time = ahead;
    let mut book = Book::new(START, parties, vec![], vec![]);
    book.apply(&[transfer("1", "a", "b", 1)]);
    assert_eq!(book.close(1).transfers[0].create_time, ahead);
}
