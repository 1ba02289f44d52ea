//! The invariants of the orders database, each as one query that finds what breaks it.

use souk_data::args;

use super::Store;
use crate::error::Error;

/// One broken invariant.
pub struct Finding {
    pub invariant: &'static str,
    pub subject: String,
    pub detail: String,
}

/// The most findings of one audit.
pub const MOST_FINDINGS: usize = 1000;

/// What must never be found: a name, what it means, and the query for the orders that break it.
const INVARIANTS: [(&str, &str, &str); 9] = [
    (
        "total_is_sum_of_lines",
        "the total differs from the sum of its lines",
        "SELECT o.order_id FROM orders o WHERE o.total_minor IS NOT NULL AND o.total_minor <>
             (SELECT CAST(COALESCE(SUM(l.quantity * l.unit_minor), 0) AS BIGINT) FROM order_lines l WHERE l.order_id = o.order_id)",
    ),
    (
        "refunded_is_sum_of_refunds",
        "the refunded amount differs from the sum of its succeeded refunds",
        "SELECT o.order_id FROM orders o WHERE o.refunded_minor <>
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state = 2)",
    ),
    (
        "refunds_within_total",
        "refunds that succeeded or are pending exceed the total",
        "SELECT o.order_id FROM orders o WHERE COALESCE(o.total_minor, 0) <
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state < 3)",
    ),
    (
        "refunded_units_are_refund_lines",
        "the refunded units of a line differ from the lines of its succeeded refunds",
        "SELECT l.order_id FROM order_lines l WHERE l.refunded_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND r.amount_minor > 0)",
    ),
    (
        "returned_units_are_refund_lines",
        "the returned units of a line differ from the lines of its refunds that took goods back",
        "SELECT l.order_id FROM order_lines l WHERE l.returned_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND r.restock = 1)",
    ),
    (
        "refunded_order_holds_no_stock",
        "it was paid back whole before its goods left, and its stock was never released",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE o.state = 5 AND s.state = 3
             AND NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = o.order_id AND h.kind = 'fulfilled')
             AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_id = o.order_id AND j.step = 7)",
    ),
    (
        "history_is_complete",
        "the history does not have one row for each version",
        "SELECT o.order_id FROM orders o WHERE o.version <>
             (SELECT COUNT(*) FROM order_history h WHERE h.order_id = o.order_id)",
    ),
    (
        "journal_is_complete",
        "the journal does not have one row for each entry",
        "SELECT s.order_id FROM sagas s WHERE s.entries <>
             (SELECT COUNT(*) FROM journal j WHERE j.order_id = s.order_id)",
    ),
    (
        "state_follows_from_saga",
        "the state of the order does not fit the saga that ended",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.state = 3 AND
             (o.state IN (1, 2) OR (s.kind = 4 AND EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.order_id AND r.state = 1)))",
    ),
];

impl Store {
    /// Looks for everything that must not be; returns the findings and how many orders, lines and refunds there are.
    pub async fn audit(&self) -> Result<(Vec<Finding>, [(&'static str, i64); 4]), Error> {
        let db = self.db.read();
        let mut findings = vec![];
        for (invariant, meaning, sql) in INVARIANTS {
            for row in db.query(&format!("{sql} LIMIT {MOST_FINDINGS}"), args![]).await? {
                let order: souk_types::OrderId = row.get("order_id")?;
                findings.push(Finding { invariant, subject: order.to_string(), detail: meaning.to_owned() });
            }
        }
        findings.truncate(MOST_FINDINGS);
        let count = async |sql: &str| -> Result<i64, Error> {
            let row = db.query_row(sql, args![]).await?;
            Ok(row.ok_or(Error::Unreadable("no count"))?.get("n")?)
        };
        let counts = [
            ("orders", count("SELECT COUNT(*) AS n FROM orders").await?),
            ("order_lines", count("SELECT COUNT(*) AS n FROM order_lines").await?),
            ("refunds", count("SELECT COUNT(*) AS n FROM refunds").await?),
            ("sagas_running", count("SELECT COUNT(*) AS n FROM sagas WHERE state <> 3").await?),
        ];
        Ok((findings, counts))
    }
}
