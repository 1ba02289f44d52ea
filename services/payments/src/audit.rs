//! The audit: payments against themselves, against their ledger transfers and against the
//! provider's book, in both directions. `store/history.rs` reads the payments.
//!
//! The three are read one after another while work continues, so an apparent error is checked
//! again, and reported only if it stays while the payment does not change. Payments in flight are
//! left out.

use std::collections::{BTreeSet, HashMap};

use souk_chassis::{Finding, Report};
use souk_data::Db;
use souk_types::{Currency, PaymentId, TransferId};

use crate::error::Error;
use crate::provider::{Charge, Provider};
use crate::refund::RefundState;
use crate::state::State;
use crate::store;
use crate::store::history::{self, History};
use crate::store::payment::Totals;
use crate::transfers::{self, Account, Amounts, Form};
use crate::upstream::{Ledger, LedgerTransfer};

/// How much was checked.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    attempts: usize,
    charges: usize,
    payments: usize,
    in_flight: usize,
    refunds: usize,
    transfers: usize,
}

const AMOUNTS_IN_ORDER: &str = "0 <= refunded <= captured <= authorized <= amount";
const NOTHING_LEFT: &str = "a payment that is not in flight has no attempt without an end";
const AMOUNTS_ARE_ATTEMPTS: &str = "the amounts of a payment are what its attempts add up to";
const AMOUNTS_ARE_REFUNDS: &str = "the refunded amount of a payment is what its refunds add up to";
const TRANSFERS_ARE_THERE: &str = "the ledger holds every transfer of a payment";
const HOLD_MATCHES: &str = "the ledger sets aside what is authorised and not captured";
const BOOK_MATCHES: &str = "the provider's book has the amounts of the payment";
const BOOK_IS_KNOWN: &str = "every charge in the provider's book belongs to a payment";
const TOTALS_MATCH: &str = "the accounts of a currency are what its payments add up to";

/// How many payments are compared at a time.
const AT_A_TIME: usize = 500;
/// How often a payment that changes during its check is checked again.
const LOOKS: usize = 3;

/// Compares everything.
pub async fn run(db: &Db, ledger: &Ledger, provider: &dyn Provider) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut counts = Counts::default();
    compare_payments(db, ledger, provider, &mut report, &mut counts).await?;
    report.count("attempts", counts.attempts as i64);
    report.count("charges", counts.charges as i64);
    report.count("payments", counts.payments as i64);
    report.count("payments in flight", counts.in_flight as i64);
    report.count("refunds", counts.refunds as i64);
    report.count("transfers", counts.transfers as i64);
    if !is_full(&report) {
        compare_totals(db, ledger, &mut report).await?;
    }
    Ok(report)
}

fn is_full(report: &Report) -> bool {
    report.findings.len() as u64 >= Report::MAX_FINDINGS
}

/// Compares each payment with its transfers and its charge, until the report is full.
async fn compare_payments(
    db: &Db,
    ledger: &Ledger,
    provider: &dyn Provider,
    report: &mut Report,
    counts: &mut Counts,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let list =
            move |snapshot| async move { history::list(&snapshot, after, AT_A_TIME as i64).await };
        let page = db.snapshot(list).await?;
        let last =
            page.last().map(|history| history.payment.id).filter(|_| page.len() == AT_A_TIME);
        let charges = charges_of(provider, after, last).await?;
        let suspects = compare(&page, charges, ledger, counts).await?;
        for id in suspects {
            for finding in look_again(id, db, ledger, provider).await? {
                report.add(&finding.invariant, finding.subject, finding.detail);
            }
            if is_full(report) {
                return Ok(());
            }
        }
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}

/// Returns the provider's charges after `after` and up to `last`, or to the end of the book.
async fn charges_of(
    provider: &dyn Provider,
    after: Option<PaymentId>,
    last: Option<PaymentId>,
) -> Result<HashMap<PaymentId, Charge>, Error> {
    let mut charges = HashMap::new();
    let mut after = after;
    loop {
        let page = provider.statement(after, AT_A_TIME).await?;
        let is_last_page = page.len() < AT_A_TIME;
        after = page.last().map(|charge| charge.payment);
        for charge in page {
            if last.is_none_or(|last| charge.payment <= last) {
                charges.insert(charge.payment, charge);
            }
        }
        if is_last_page || last.is_some_and(|last| after > Some(last)) {
            return Ok(charges);
        }
    }
}

/// Returns the payments that do not match, and counts what was checked.
async fn compare(
    page: &[History],
    mut charges: HashMap<PaymentId, Charge>,
    ledger: &Ledger,
    counts: &mut Counts,
) -> Result<BTreeSet<PaymentId>, Error> {
    let expected: Vec<_> = page.iter().flat_map(expected).collect();
    let recorded = recorded(ledger, &expected).await?;
    counts.attempts += page.iter().map(|history| history.attempts.len()).sum::<usize>();
    counts.charges += charges.len();
    counts.payments += page.len();
    counts.in_flight += page.iter().filter(|history| history.payment.is_in_flight).count();
    counts.refunds += page.iter().map(|history| history.refunds.len()).sum::<usize>();
    counts.transfers += recorded.len();

    let mut suspects = BTreeSet::new();
    for history in page {
        let charge = charges.remove(&history.payment.id);
        if !history.payment.is_in_flight && !check(history, &recorded, charge.as_ref()).is_empty() {
            suspects.insert(history.payment.id);
        }
    }
    suspects.extend(charges.into_keys());
    Ok(suspects)
}

/// Checks one payment until it does not change.
async fn look_again(
    id: PaymentId,
    db: &Db,
    ledger: &Ledger,
    provider: &dyn Provider,
) -> Result<Vec<Finding>, Error> {
    let find = move |snapshot| async move { history::find(&snapshot, id).await };
    for _ in 0..LOOKS {
        let before = db.snapshot(find).await?;
        let charge = provider.charge(id).await?;
        let findings = match &before {
            Some(history) if history.payment.is_in_flight => return Ok(vec![]),
            Some(history) => {
                let recorded = recorded(ledger, &expected(history)).await?;
                check(history, &recorded, charge.as_ref())
            }
            None => charge.as_ref().and_then(unknown_charge).into_iter().collect(),
        };
        if db.snapshot(find).await? == before {
            return Ok(findings);
        }
    }
    Ok(vec![])
}

fn unknown_charge(charge: &Charge) -> Option<Finding> {
    let is_empty = (charge.held, charge.captured) == (0, 0);
    let detail = format!("held {}, captured {}", charge.held, charge.captured);
    (!is_empty).then(|| finding(BOOK_IS_KNOWN, charge.payment, detail))
}

fn finding(invariant: &str, subject: impl ToString, detail: String) -> Finding {
    Finding { invariant: invariant.to_owned(), subject: subject.to_string(), detail }
}

fn expected(history: &History) -> Vec<transfers::Transfer> {
    transfers::made_by(&history.attempts, history.payment.amount.currency)
}

/// Returns those of these transfers that the ledger has.
async fn recorded(
    ledger: &Ledger,
    expected: &[transfers::Transfer],
) -> Result<HashMap<TransferId, LedgerTransfer>, Error> {
    let ids: Vec<TransferId> = expected.iter().map(|transfer| transfer.id).collect();
    let recorded =
        ledger.transfers(&ids).await?.into_iter().map(|transfer| (transfer.id, transfer));
    Ok(recorded.collect())
}

/// Returns what is wrong with one payment.
fn check(
    history: &History,
    recorded: &HashMap<TransferId, LedgerTransfer>,
    charge: Option<&Charge>,
) -> Vec<Finding> {
    let payment = &history.payment;
    let mut findings = Vec::new();
    let mut report = |invariant, detail| findings.push(finding(invariant, payment.id, detail));
    let amounts = Amounts {
        authorized: payment.authorized,
        captured: payment.captured,
        refunded: payment.refunded,
        fees: payment.fees,
    };
    let sorted = [0, payment.refunded, payment.captured, payment.authorized, payment.amount.minor];
    if !sorted.is_sorted() {
        report(AMOUNTS_IN_ORDER, format!("{amounts:?}, amount {}", payment.amount.minor));
    }
    let is_left = history.attempts.iter().any(|attempt| !attempt.stage.is_final());
    if is_left || payment.state == State::Processing {
        report(NOTHING_LEFT, format!("it is {}", payment.state));
    }
    let expected = expected(history);
    let added = transfers::amounts(&expected);
    if added != amounts {
        report(AMOUNTS_ARE_ATTEMPTS, format!("payment {amounts:?}, attempts {added:?}"));
    }
    let succeeded = history.refunds.iter().filter(|refund| refund.state == RefundState::Succeeded);
    let refunded: i64 = succeeded.map(|refund| refund.amount.minor).sum();
    if refunded != payment.refunded
        || history.refunds.iter().any(|refund| refund.state == RefundState::Pending)
    {
        report(AMOUNTS_ARE_REFUNDS, format!("payment {}, refunds {refunded}", payment.refunded));
    }
    let mut held = 0;
    for transfer in &expected {
        match recorded.get(&transfer.id) {
            None => report(
                TRANSFERS_ARE_THERE,
                format!("{} of {} is missing", transfer.id, transfer.amount),
            ),
            Some(found) if !is_same(transfer, found) => {
                report(
                    TRANSFERS_ARE_THERE,
                    format!("{} is {found:?}, not {transfer:?}", transfer.id),
                );
            }
            Some(found) if found.is_held => held += found.amount,
            Some(_) => {}
        }
    }
    if held != payment.capturable() {
        report(HOLD_MATCHES, format!("ledger {held}, payment {}", payment.capturable()));
    }
    let of_payment = (payment.capturable(), payment.captured, payment.refunded, payment.fees);
    let of_book = charge.map_or((0, 0, 0, 0), |charge| {
        (charge.held, charge.captured, charge.refunded, charge.fees)
    });
    if of_payment != of_book {
        let detail =
            format!("held, captured, refunded, fees: payment {of_payment:?}, book {of_book:?}");
        report(BOOK_MATCHES, detail);
    }
    findings
}

fn is_same(expected: &transfers::Transfer, found: &LedgerTransfer) -> bool {
    let resolves = match expected.form {
        Form::Post(pending) | Form::Void(pending) => Some(pending),
        Form::Single | Form::Pending => None,
    };
    found.amount == expected.amount
        && found.resolves == resolves
        && found.is_pending == (expected.form == Form::Pending)
        && found.debit == expected.debit.id(expected.currency).to_string()
        && found.credit == expected.credit.id(expected.currency).to_string()
}

/// Compares the accounts with all payments, so that a transfer that belongs to none of them shows.
/// Only while nothing is in flight.
async fn compare_totals(db: &Db, ledger: &Ledger, report: &mut Report) -> Result<(), Error> {
    let read = |snapshot| async move { store::payment::totals(&snapshot).await };
    let Some(before) = db.snapshot(read).await? else { return Ok(()) };
    let mut findings = Vec::new();
    for totals in &before {
        findings.extend(compare_accounts(totals, ledger).await?);
    }
    if db.snapshot(read).await?.as_ref() == Some(&before) {
        report.count("currencies", before.len() as i64);
        for finding in findings {
            report.add(&finding.invariant, finding.subject, finding.detail);
        }
    }
    Ok(())
}

/// Compares the accounts of one currency with its payments.
async fn compare_accounts(totals: &Totals, ledger: &Ledger) -> Result<Option<Finding>, Error> {
    let currency: Currency = totals.currency_code.parse().map_err(Error::inconsistent)?;
    let sales = ledger.balance(Account::Sales.id(currency)).await?.unwrap_or_default();
    let fees = ledger.balance(Account::ProviderFees.id(currency)).await?.unwrap_or_default();
    // What the provider took back was credited and debited, so only the balance can be compared.
    let sold = sales.credits_posted - sales.debits_posted;
    let of_ledger = (sales.credits_pending, sold, fees.debits_posted);
    let held = totals.authorized - totals.captured;
    let of_payments = (held, totals.captured - totals.refunded, totals.fees);
    let detail = || format!("held, sold, fees: ledger {of_ledger:?}, payments {of_payments:?}");
    Ok((of_ledger != of_payments).then(|| finding(TOTALS_MATCH, currency, detail())))
}
