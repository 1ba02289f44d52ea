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
const INVARIANTS: [(&str, &str, &str); 14] = [
    (
        "orders.total_is_what_its_parts_add_up_to",
        "the total differs from subtotal, discount, shipping and tax, or a part is negative",
        "SELECT o.order_id FROM orders o WHERE COALESCE(o.total_minor, 0) <>
             COALESCE(o.subtotal_minor, 0) - o.discount_minor + o.shipping_minor + o.tax_minor
             OR COALESCE(o.subtotal_minor, 0) < 0 OR o.discount_minor < 0 OR o.shipping_minor < 0 OR o.tax_minor < 0",
    ),
    (
        "orders.subtotal_is_sum_of_lines",
        "the subtotal differs from the sum of its lines",
        "SELECT o.order_id FROM orders o WHERE o.subtotal_minor IS NOT NULL AND o.subtotal_minor <>
             (SELECT CAST(COALESCE(SUM(l.quantity * l.unit_minor), 0) AS BIGINT) FROM order_lines l WHERE l.order_id = o.order_id)",
    ),
    (
        "orders.refunded_is_sum_of_refunds",
        "the refunded amount differs from the sum of its succeeded refunds, or of a canceled order from its total",
        "SELECT o.order_id FROM orders o WHERE o.refunded_minor <>
             CASE WHEN o.state = 6 AND o.payment_status = 7 THEN COALESCE(o.total_minor, 0) ELSE
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state = 2) END",
    ),
    (
        "orders.refunds_within_total",
        "refunds that succeeded or are pending exceed the total",
        "SELECT o.order_id FROM orders o WHERE COALESCE(o.total_minor, 0) <
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state < 3)",
    ),
    (
        "orders.refund_lines_within_refund",
        "the lines of a refund add up to more than its amount",
        "SELECT r.order_id FROM refunds r WHERE r.amount_minor <
             (SELECT CAST(COALESCE(SUM(rl.amount_minor), 0) AS BIGINT) FROM refund_lines rl WHERE rl.refund_id = r.refund_id)",
    ),
    (
        "orders.refunded_units_are_refund_lines",
        "the refunded units of a line differ from the lines of its succeeded refunds",
        "SELECT l.order_id FROM order_lines l WHERE l.refunded_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND rl.is_refunded = 1)",
    ),
    (
        "orders.returned_units_are_refund_lines",
        "the returned units of a line differ from the lines of its refunds that took goods back",
        "SELECT l.order_id FROM order_lines l WHERE l.returned_quantity <>
             (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND r.state = 2 AND rl.restock = 1)",
    ),
    (
        "orders.refunded_order_holds_no_stock",
        "it was refunded in full before its goods left, but its stock was never released",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id
             WHERE o.state = 6 AND o.reason = 'REFUNDED' AND s.state = 3
             AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_id = o.order_id AND j.step = 7)",
    ),
    (
        "orders.history_is_complete",
        "the history does not have one row for each version",
        "SELECT o.order_id FROM orders o WHERE o.version <>
             (SELECT COUNT(*) FROM order_history h WHERE h.order_id = o.order_id)",
    ),
    (
        "orders.history_ends_with_the_order",
        "the last row of the history has another state, payment status or fulfilment status than the order",
        "SELECT o.order_id FROM orders o JOIN order_history h ON h.order_id = o.order_id AND h.version = o.version
             WHERE h.state <> o.state OR h.payment_status <> o.payment_status OR h.fulfillment_status <> o.fulfillment_status",
    ),
    (
        "orders.journal_is_complete",
        "the journal does not have one row for each entry",
        "SELECT s.order_id FROM sagas s WHERE s.entries <>
             (SELECT COUNT(*) FROM journal j WHERE j.order_id = s.order_id)",
    ),
    (
        "orders.axes_fit_each_other",
        "its state, payment status, fulfilment status and reason do not fit each other",
        "SELECT o.order_id FROM orders o WHERE NOT (
             (o.state = 1 AND o.payment_status IN (1, 2) AND o.fulfillment_status = 1)
             OR (o.state = 2 AND o.payment_status IN (3, 5, 6) AND o.fulfillment_status = 1)
             OR (o.state = 4 AND o.payment_status IN (5, 6, 7) AND o.fulfillment_status IN (3, 5, 6))
             OR (o.state = 6 AND o.payment_status IN (7, 8) AND o.fulfillment_status = 1)
             OR (o.state = 7 AND o.payment_status = 1 AND o.fulfillment_status = 1))
             OR (o.state IN (6, 7)) <> (o.reason IS NOT NULL)",
    ),
    (
        "orders.payment_status_follows_from_refunds",
        "its payment status does not fit how much was paid back",
        "SELECT o.order_id FROM orders o WHERE
             (o.payment_status NOT IN (6, 7) AND o.refunded_minor <> 0)
             OR (o.payment_status = 6 AND NOT (o.refunded_minor > 0 AND o.refunded_minor < o.total_minor))
             OR (o.payment_status = 7 AND o.refunded_minor <> COALESCE(o.total_minor, 0))",
    ),
    (
        "orders.state_follows_from_saga",
        "the state of the order does not fit the saga that ended",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.state = 3 AND
             (o.state = 1 OR (o.payment_status = 3 AND o.capture_method = 1)
              OR (s.kind = 4 AND EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.order_id AND r.state = 1)))",
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
