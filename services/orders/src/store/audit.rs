//! The invariants of this database in every committed state, and the number of rows checked.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use souk_client::audit::Report;
use souk_data::Reader;
use souk_types::OrderId;

use super::{order, order_line, refund, saga};
use crate::error::Error;
use crate::saga::Progress;

/// What must never be found: a name, what it means, and the query for the orders that break it.
const INVARIANTS: [(&str, &str, &str); 9] = [
    (
        "orders.total_is_sum_of_lines",
        "the total differs from the sum of its lines",
        "SELECT o.order_id FROM orders o WHERE o.total_minor IS NOT NULL AND o.total_minor <>
             (SELECT CAST(COALESCE(SUM(l.quantity * l.unit_minor), 0) AS BIGINT) FROM order_lines l WHERE l.order_id = o.order_id)",
    ),
    (
        "orders.refunded_is_sum_of_refunds",
        "the refunded amount differs from the sum of its succeeded refunds",
        "SELECT o.order_id FROM orders o WHERE o.refunded_minor <>
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state = 2)",
    ),
    (
        "orders.refunds_within_total",
        "refunds that succeeded or are pending exceed the total",
        "SELECT o.order_id FROM orders o WHERE COALESCE(o.total_minor, 0) <
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state < 3)",
    ),
    (
        "orders.refunded_units_are_refund_lines",
        "the refunded units of a line differ from the lines of its succeeded refunds",
        "SELECT l.order_id FROM order_lines l WHERE l.refunded_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND r.amount_minor > 0)",
    ),
    (
        "orders.returned_units_are_refund_lines",
        "the returned units of a line differ from the lines of its refunds that took goods back",
        "SELECT l.order_id FROM order_lines l WHERE l.returned_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND r.restock = 1)",
    ),
    (
        "orders.refunded_order_holds_no_stock",
        "it was refunded in full before its goods left, but its stock was never released",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE o.state = 5 AND s.state = 3
             AND NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = o.order_id AND h.kind = 'fulfilled')
             AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_id = o.order_id AND j.step = 7)",
    ),
    (
        "orders.history_is_complete",
        "the history does not have one row for each version",
        "SELECT o.order_id FROM orders o WHERE o.version <>
             (SELECT COUNT(*) FROM order_history h WHERE h.order_id = o.order_id)",
    ),
    (
        "orders.journal_is_complete",
        "the journal does not have one row for each entry",
        "SELECT s.order_id FROM sagas s WHERE s.entries <>
             (SELECT COUNT(*) FROM journal j WHERE j.order_id = s.order_id)",
    ),
    (
        "orders.state_follows_from_saga",
        "the state of the order does not fit the saga that ended",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.state = 3 AND
             (o.state IN (1, 2) OR (s.kind = 4 AND EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.order_id AND r.state = 1)))",
    ),
];

/// An order that breaks an invariant.
#[derive(FromQueryResult)]
struct Found {
    order_id: OrderId,
}

/// Checks every invariant on one state of the data; reads all of it.
pub async fn run(snapshot: &Reader) -> Result<Report, Error> {
    let mut report = Report::default();
    for (invariant, meaning, sql) in INVARIANTS {
        // SQL, since each compares a row with what other tables add up to.
        let sql = format!("{sql} LIMIT {}", Report::MAX_FINDINGS);
        let found =
            Found::find_by_statement(Statement::from_string(snapshot.get_database_backend(), sql));
        for row in found.all(snapshot).await? {
            report.add(invariant, row.order_id, meaning);
        }
    }
    let running = saga::Entity::find().filter(saga::Column::State.ne(Progress::Ended));
    report.count("orders", order::Entity::find().count(snapshot).await? as i64);
    report.count("order_lines", order_line::Entity::find().count(snapshot).await? as i64);
    report.count("refunds", refund::Entity::find().count(snapshot).await? as i64);
    report.count("sagas_running", running.count(snapshot).await? as i64);
    Ok(report)
}
