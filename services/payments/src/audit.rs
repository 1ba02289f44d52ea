//! The audit: payments against themselves, against their ledger transfers and against the provider's book, in both directions.
//!
//! The three are read one after another while work goes on, so what looks wrong is looked at again, and only what stays wrong while
//! the payment does not move is reported. Payments in flight are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use souk_types::{PaymentId, TransferId};

use crate::error::Error;
use crate::provider::{Charge, Provider};
use crate::refund::RefundState;
use crate::state::State;
use crate::store::{Audited, Page, Store};
use crate::transfers::{self, Account, Amounts, Form};
use crate::upstream::{Ledger, Recorded};

/// One invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: &'static str,
    pub subject: String,
    pub detail: String,
}

/// What was found, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub counts: BTreeMap<&'static str, i64>,
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

/// How many payments are compared at a time, and how many findings are told.
const AT_A_TIME: usize = 500;
const FINDINGS_AT_MOST: usize = 1000;
/// How often a payment that moves while it is looked at is looked at again.
const LOOKS: usize = 3;

/// Compares everything.
pub async fn run(store: &Store, ledger: &Ledger, provider: &dyn Provider) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut after = None;
    loop {
        let page = store.audited(Page { after, size: AT_A_TIME }).await?;
        let last = page.last().map(|audited| audited.payment.id).filter(|_| page.len() == AT_A_TIME);
        let charges = charges_of(provider, after, last).await?;
        let suspects = compare(&page, charges, ledger, &mut report).await?;
        for id in suspects {
            report.findings.extend(look_again(id, store, ledger, provider).await?);
            if report.findings.len() >= FINDINGS_AT_MOST {
                report.findings.truncate(FINDINGS_AT_MOST);
                return Ok(report);
            }
        }
        if last.is_none() {
            break;
        }
        after = last;
    }
    compare_totals(store, ledger, &mut report).await?;
    Ok(report)
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

/// Returns the payments that do not match, and counts what was looked at.
async fn compare(
    page: &[Audited],
    mut charges: HashMap<PaymentId, Charge>,
    ledger: &Ledger,
    report: &mut Report,
) -> Result<BTreeSet<PaymentId>, Error> {
    let mut count = |what, number: usize| *report.counts.entry(what).or_default() += number as i64;
    count("charges", charges.len());
    count("payments", page.len());
    count("payments in flight", page.iter().filter(|audited| audited.payment.is_in_flight).count());
    count("attempts", page.iter().map(|audited| audited.attempts.len()).sum());
    count("refunds", page.iter().map(|audited| audited.refunds.len()).sum());

    let ids: Vec<TransferId> = page.iter().flat_map(expected).map(|transfer| transfer.id).collect();
    let recorded: HashMap<TransferId, Recorded> =
        ledger.transfers(&ids).await?.into_iter().map(|transfer| (transfer.id, transfer)).collect();
    count("transfers", recorded.len());

    let mut suspects = BTreeSet::new();
    for audited in page {
        let charge = charges.remove(&audited.payment.id);
        if !audited.payment.is_in_flight && !check(audited, &recorded, charge.as_ref()).is_empty() {
            suspects.insert(audited.payment.id);
        }
    }
    suspects.extend(charges.into_keys());
    Ok(suspects)
}

/// Looks at one payment alone, until it stands still.
async fn look_again(
    id: PaymentId,
    store: &Store,
    ledger: &Ledger,
    provider: &dyn Provider,
) -> Result<Vec<Finding>, Error> {
    for _ in 0..LOOKS {
        let before = store.audited_one(id).await?;
        let charge = provider.charge(id).await?;
        let findings = match &before {
            Some(audited) if audited.payment.is_in_flight => return Ok(vec![]),
            Some(audited) => {
                let ids: Vec<TransferId> = expected(audited).iter().map(|transfer| transfer.id).collect();
                let recorded = ledger.transfers(&ids).await?.into_iter().map(|transfer| (transfer.id, transfer));
                check(audited, &recorded.collect(), charge.as_ref())
            }
            None => charge.as_ref().and_then(unknown_charge).into_iter().collect(),
        };
        if store.audited_one(id).await? == before {
            return Ok(findings);
        }
    }
    Ok(vec![])
}

fn unknown_charge(charge: &Charge) -> Option<Finding> {
    let is_empty = (charge.held, charge.captured) == (0, 0);
    let detail = format!("held {}, captured {}", charge.held, charge.captured);
    (!is_empty).then(|| Finding { invariant: BOOK_IS_KNOWN, subject: charge.payment.to_string(), detail })
}

fn expected(audited: &Audited) -> Vec<transfers::Transfer> {
    transfers::made_by(&audited.attempts, audited.payment.amount.currency)
}

/// Returns what is wrong with one payment.
fn check(audited: &Audited, recorded: &HashMap<TransferId, Recorded>, charge: Option<&Charge>) -> Vec<Finding> {
    let payment = &audited.payment;
    let mut findings = Vec::new();
    let mut report = |invariant, detail: String| {
        findings.push(Finding { invariant, subject: payment.id.to_string(), detail });
    };
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
    let is_left = audited.attempts.iter().any(|attempt| !attempt.stage.is_final());
    if is_left || payment.state == State::Processing {
        report(NOTHING_LEFT, format!("it is {}", payment.state));
    }
    let expected = expected(audited);
    let added = transfers::amounts(&expected);
    if added != amounts {
        report(AMOUNTS_ARE_ATTEMPTS, format!("payment {amounts:?}, attempts {added:?}"));
    }
    let succeeded = audited.refunds.iter().filter(|refund| refund.state == RefundState::Succeeded);
    let refunded: i64 = succeeded.map(|refund| refund.amount.minor).sum();
    if refunded != payment.refunded || audited.refunds.iter().any(|refund| refund.state == RefundState::Pending) {
        report(AMOUNTS_ARE_REFUNDS, format!("payment {}, refunds {refunded}", payment.refunded));
    }
    let mut held = 0;
    for transfer in &expected {
        match recorded.get(&transfer.id) {
            None => report(TRANSFERS_ARE_THERE, format!("{} of {} is missing", transfer.id, transfer.amount)),
            Some(found) if !is_same(transfer, found) => {
                report(TRANSFERS_ARE_THERE, format!("{} is {found:?}, not {transfer:?}", transfer.id));
            }
            Some(found) if found.is_held => held += found.amount,
            Some(_) => {}
        }
    }
    if held != payment.capturable() {
        report(HOLD_MATCHES, format!("ledger {held}, payment {}", payment.capturable()));
    }
    let of_payment = (payment.capturable(), payment.captured, payment.refunded, payment.fees);
    let of_book = charge.map_or((0, 0, 0, 0), |charge| (charge.held, charge.captured, charge.refunded, charge.fees));
    if of_payment != of_book {
        let detail = format!("held, captured, refunded, fees: payment {of_payment:?}, book {of_book:?}");
        report(BOOK_MATCHES, detail);
    }
    findings
}

fn is_same(expected: &transfers::Transfer, found: &Recorded) -> bool {
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

/// Compares the accounts with all payments, so that a transfer that belongs to none of them shows. Only while nothing is in flight.
async fn compare_totals(store: &Store, ledger: &Ledger, report: &mut Report) -> Result<(), Error> {
    let Some(before) = store.totals().await? else { return Ok(()) };
    let mut findings = Vec::new();
    for totals in &before {
        let mut balances = HashMap::new();
        for account in Account::ALL {
            let balance = ledger.balance(account.id(totals.currency)).await?;
            balances.insert(account, balance.unwrap_or_default());
        }
        let (sales, fees) = (balances[&Account::Sales], balances[&Account::ProviderFees]);
        let of_ledger = (sales.credits_pending, sales.credits_posted, sales.debits_posted, fees.debits_posted);
        let of_payments = (totals.held, totals.captured, totals.refunded, totals.fees);
        if of_ledger != of_payments {
            let detail = format!("held, captured, refunded, fees: ledger {of_ledger:?}, payments {of_payments:?}");
            findings.push(Finding { invariant: TOTALS_MATCH, subject: totals.currency.to_string(), detail });
        }
    }
    if store.totals().await?.as_ref() == Some(&before) {
        report.counts.insert("currencies", before.len() as i64);
        report.findings.extend(findings);
    }
    Ok(())
}
