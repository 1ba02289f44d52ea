//! The figures of a replay, and the records of the services that they are computed from. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};
use souk_types::Timestamp;

use super::file::hexadecimal;
use super::plan::Plan;

/// What one service knows of the replay's orders. What it does not know is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Of each invoice: its lines and its amount in pence.
    pub invoices: Option<BTreeMap<String, (u64, i64)>>,
    /// How many orders were sold.
    pub orders: u64,
    /// Pence sold by day, such as `2010-12-01`.
    pub sold_minor_by_day: Option<BTreeMap<String, i64>>,
    /// Pence paid back.
    pub refunded_minor: Option<i64>,
    /// Units sold by sku.
    pub sold_units_by_sku: Option<BTreeMap<String, i64>>,
    /// Units brought back by sku.
    pub refunded_units_by_sku: Option<BTreeMap<String, i64>>,
}

/// The figures of a book, as they are compared, printed and written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub orders: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sold_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sold_units: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_units: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_orders: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_sold_minor_by_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_sold_units_by_sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_refunded_units_by_sku: Option<String>,
}

/// The fields of the judge's JSON, in its order, so that the two can be laid side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub lines: u64,
    pub sale_lines: u64,
    pub orders: u64,
    pub sold_units: i64,
    pub sold_minor: i64,
    pub refund_lines_whole: u64,
    pub refund_lines_part: u64,
    pub refund_lines_unmatched: u64,
    pub refunded_units: i64,
    pub refunded_minor: i64,
    pub unmatched_units: i64,
    pub explained: BTreeMap<&'static str, u64>,
    pub skus_sold: u64,
    pub longest_order_lines: u64,
    pub sha256_orders: String,
    pub sha256_sold_minor_by_day: String,
    pub sha256_sold_units_by_sku: String,
    pub sha256_refunded_units_by_sku: String,
}

/// The books that a result is put together from: each figure from the service that owns it.
pub struct Sources<'a> {
    /// Orders, their lines and the amount of each.
    pub orders: &'a Book,
    /// What was sold on which day.
    pub payments: &'a Book,
    /// What was paid back.
    pub ledger: &'a Book,
    /// Units that left and came back.
    pub inventory: &'a Book,
}

impl Book {
    /// Returns the figures of the book.
    pub fn figures(&self) -> Figures {
        Figures {
            orders: self.orders,
            sold_minor: self.sold_minor_by_day.as_ref().map(sum),
            refunded_minor: self.refunded_minor,
            sold_units: self.sold_units_by_sku.as_ref().map(sum),
            refunded_units: self.refunded_units_by_sku.as_ref().map(sum),
            sha256_orders: self.invoices.as_ref().map(digest_of_invoices),
            sha256_sold_minor_by_day: self.sold_minor_by_day.as_ref().map(digest),
            sha256_sold_units_by_sku: self.sold_units_by_sku.as_ref().map(digest),
            sha256_refunded_units_by_sku: self.refunded_units_by_sku.as_ref().map(digest),
        }
    }
}

impl Figures {
    /// Returns every figure by its name; what is not known is absent.
    pub fn named(&self) -> Vec<(&'static str, Option<String>)> {
        let number = |value: Option<i64>| value.map(|value| value.to_string());
        vec![
            ("orders", Some(self.orders.to_string())),
            ("sold_minor", number(self.sold_minor)),
            ("refunded_minor", number(self.refunded_minor)),
            ("sold_units", number(self.sold_units)),
            ("refunded_units", number(self.refunded_units)),
            ("sha256_orders", self.sha256_orders.clone()),
            ("sha256_sold_minor_by_day", self.sha256_sold_minor_by_day.clone()),
            ("sha256_sold_units_by_sku", self.sha256_sold_units_by_sku.clone()),
            ("sha256_refunded_units_by_sku", self.sha256_refunded_units_by_sku.clone()),
        ]
    }
}

impl Outcome {
    /// Puts the result together: what is in the file from the plan, everything else from the books.
    pub fn of(plan: &Plan, sources: &Sources<'_>) -> Outcome {
        let empty = BTreeMap::new();
        let invoices = sources.orders.invoices.as_ref().unwrap_or(&empty);
        let orders = sources.orders.figures();
        let payments = sources.payments.figures();
        let ledger = sources.ledger.figures();
        let inventory = sources.inventory.figures();
        Outcome {
            lines: plan.lines,
            sale_lines: invoices.values().map(|(lines, _)| lines).sum(),
            orders: orders.orders,
            sold_units: inventory.sold_units.unwrap_or_default(),
            sold_minor: payments.sold_minor.unwrap_or_default(),
            refund_lines_whole: plan.returns_whole,
            refund_lines_part: plan.returns_part.len() as u64,
            refund_lines_unmatched: plan.returns_unmatched.len() as u64,
            refunded_units: inventory.refunded_units.unwrap_or_default(),
            refunded_minor: ledger.refunded_minor.unwrap_or_default(),
            unmatched_units: plan.unmatched_units,
            explained: plan
                .explained
                .iter()
                .map(|(reason, lines)| (*reason, lines.len() as u64))
                .collect(),
            skus_sold: sources
                .inventory
                .sold_units_by_sku
                .as_ref()
                .map_or(0, |skus| skus.len() as u64),
            longest_order_lines: invoices
                .values()
                .map(|(lines, _)| *lines)
                .max()
                .unwrap_or_default(),
            sha256_orders: orders.sha256_orders.unwrap_or_default(),
            sha256_sold_minor_by_day: payments.sha256_sold_minor_by_day.unwrap_or_default(),
            sha256_sold_units_by_sku: inventory.sha256_sold_units_by_sku.unwrap_or_default(),
            sha256_refunded_units_by_sku: inventory
                .sha256_refunded_units_by_sku
                .unwrap_or_default(),
        }
    }
}

/// Returns the book that a shop comes to when the whole plan was carried out.
pub fn of_plan(plan: &Plan) -> Book {
    let mut invoices = BTreeMap::new();
    let mut by_day = BTreeMap::new();
    let mut sold = BTreeMap::new();
    let mut returned = BTreeMap::new();
    let mut refunded_minor = 0;
    for order in &plan.orders {
        invoices.insert(order.invoice.clone(), (order.lines.len() as u64, order.total()));
        *by_day.entry(day(order.time)).or_default() += order.total();
        for line in &order.lines {
            *sold.entry(line.sku.clone()).or_default() += line.quantity;
        }
        for (number, units) in order.refunds.iter().flat_map(|refund| &refund.lines) {
            let line = &order.lines[*number as usize - 1];
            *returned.entry(line.sku.clone()).or_default() += units;
            refunded_minor += units * line.pence;
        }
    }
    Book {
        orders: plan.orders.len() as u64,
        invoices: Some(invoices),
        sold_minor_by_day: Some(by_day),
        refunded_minor: Some(refunded_minor),
        sold_units_by_sku: Some(sold),
        refunded_units_by_sku: Some(returned),
    }
}

/// Returns one sentence for every figure that two books know and disagree on.
pub fn disagreements(books: &[(&str, Figures)]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (index, (one, figures)) in books.iter().enumerate() {
        for (other, others) in &books[index + 1..] {
            for ((name, mine), (_, theirs)) in figures.named().into_iter().zip(others.named()) {
                if let (Some(mine), Some(theirs)) = (mine, theirs)
                    && mine != theirs
                {
                    found.insert(format!("{name}: {one} has {mine}, {other} has {theirs}"));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Returns the day of a time in UTC, such as `2010-12-01`.
pub fn day(time: Timestamp) -> String {
    let mut text = time.to_string();
    text.truncate(10);
    text
}

fn sum(table: &BTreeMap<String, i64>) -> i64 {
    table.values().sum()
}

/// Returns the digest of a table as the judge computes it: its lines `key TAB value` in the order
/// of the keys. Entries of nothing do not count.
fn digest(table: &BTreeMap<String, i64>) -> String {
    digest_of(
        table
            .iter()
            .filter(|(_, value)| **value != 0)
            .map(|(key, value)| format!("{key}\t{value}")),
    )
}

fn digest_of_invoices(table: &BTreeMap<String, (u64, i64)>) -> String {
    digest_of(
        table.iter().map(|(invoice, (lines, amount))| format!("{invoice}\t{lines}\t{amount}")),
    )
}

fn digest_of(lines: impl Iterator<Item = String>) -> String {
    hexadecimal(&Sha256::digest(lines.collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(&str, i64)]) -> BTreeMap<String, i64> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
    }

    #[test]
    fn a_digest_is_that_of_the_lines_in_order() {
        let expected = hexadecimal(&Sha256::digest(b"a\t1\nb\t2"));
        assert_eq!(digest(&table(&[("b", 2), ("a", 1), ("c", 0)])), expected);
        assert_eq!(digest(&BTreeMap::new()), hexadecimal(&Sha256::digest(b"")));
    }

    #[test]
    fn only_figures_that_both_know_can_disagree() {
        let orders = Book {
            orders: 2,
            sold_minor_by_day: Some(table(&[("2010-12-01", 500)])),
            sold_units_by_sku: Some(table(&[("A", 3)])),
            ..Book::default()
        };
        let payments = Book {
            orders: 2,
            sold_minor_by_day: Some(table(&[("2010-12-02", 500)])),
            refunded_minor: Some(7),
            ..Book::default()
        };
        let inventory =
            Book { orders: 1, sold_units_by_sku: Some(table(&[("A", 3)])), ..Book::default() };
        let books = [
            ("orders", orders.figures()),
            ("payments", payments.figures()),
            ("inventory", inventory.figures()),
        ];
        let found = disagreements(&books);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "orders: orders has 2, inventory has 1");
        assert_eq!(found[1], "orders: payments has 2, inventory has 1");
        assert!(found[2].starts_with("sha256_sold_minor_by_day: orders has "), "{found:?}");
    }

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(day(Timestamp::from_micros(1_291_191_960_000_000)), "2010-12-01");
    }
}
