//! The invariants of this database in every committed state, and the number of rows checked.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use souk_chassis::Report;
use souk_data::{Db, Reader};
use souk_types::OrderId;

use super::{order, order_line, refund, saga};
use crate::error::Error;
use crate::saga::Progress;

/// What must never be found: a name, what it means, and the query for the orders that break it.
const INVARIANTS: [(&str, &str, &str); 22] = [
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
        "the refunded amount differs from the sum of its succeeded refunds",
        "SELECT o.order_id FROM orders o WHERE o.refunded_minor <>
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state = 2)",
    ),
    (
        "orders.refunds_within_captured",
        "refunds that succeeded or are pending exceed what was captured",
        "SELECT o.order_id FROM orders o WHERE o.captured_minor - o.given_back_minor <
             (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = o.order_id AND r.state < 3)",
    ),
    (
        "orders.captured_within_owed",
        "more was captured than is owed, or more was paid back or canceled than there was",
        "SELECT o.order_id FROM orders o WHERE o.captured_minor - o.given_back_minor > COALESCE(o.total_minor, 0) - o.canceled_minor
             OR o.captured_minor < 0 OR o.given_back_minor < 0 OR o.canceled_minor < 0 OR o.captured_minor < o.given_back_minor",
    ),
    (
        "orders.several_payments_add_up",
        "its payments are not as many as it has, or differ from its total, from what was captured or from what went back",
        "SELECT o.order_id FROM orders o LEFT JOIN (SELECT p.order_id, COUNT(*) AS number, CAST(SUM(p.amount_minor) AS BIGINT) AS amount,
             CAST(SUM(p.captured_minor) AS BIGINT) AS captured, CAST(SUM(p.paid_back_minor) AS BIGINT) AS back, MIN(p.is_authorized) AS all_authorized
             FROM order_payments p GROUP BY p.order_id) AS paid ON paid.order_id = o.order_id
             WHERE COALESCE(paid.number, 1) <> o.payment_count OR (paid.order_id IS NOT NULL AND (paid.number < 2
             OR (o.total_minor IS NOT NULL AND paid.amount <> o.total_minor)
             OR paid.captured <> o.captured_minor OR paid.back <> o.refunded_minor + o.given_back_minor
             OR (o.state IN (2, 4, 6) AND paid.all_authorized <> 1)))",
    ),
    (
        "orders.payment_methods_are_forgotten",
        "the method of one of several payments is kept although it is authorized or the order is over",
        "SELECT o.order_id FROM orders o JOIN order_payments p ON p.order_id = o.order_id
             WHERE p.payment_method IS NOT NULL AND (p.is_authorized = 1 OR o.state <> 1)",
    ),
    (
        "orders.fulfilled_units_are_fulfillment_lines",
        "the units of a line that have left differ from the lines of its fulfillments",
        "SELECT l.order_id FROM order_lines l WHERE l.fulfilled_quantity <>
             (SELECT CAST(COALESCE(SUM(fl.quantity), 0) AS BIGINT) FROM fulfillment_lines fl JOIN fulfillments f ON f.fulfillment_id = fl.fulfillment_id
              WHERE f.order_id = l.order_id AND fl.line_number = l.line_number AND f.state > 1)",
    ),
    (
        "orders.canceled_units_are_cancellation_lines",
        "fewer units of a line are canceled than the lines of its cancellations say, or more in an open order",
        "SELECT l.order_id FROM order_lines l JOIN orders o ON o.order_id = l.order_id JOIN
             (SELECT c.order_id, cl.line_number, SUM(cl.quantity) AS units FROM cancellation_lines cl
              JOIN cancellations c ON c.cancellation_id = cl.cancellation_id WHERE c.state = 2
              GROUP BY c.order_id, cl.line_number) AS done
             ON done.order_id = l.order_id AND done.line_number = l.line_number
             WHERE l.canceled_quantity < done.units OR (o.state = 2 AND l.canceled_quantity <> done.units)",
    ),
    (
        "orders.units_fit_the_state",
        "units are open of an order that is over, none is open of one that is placed, or the fulfilment status differs from the units",
        "SELECT o.order_id FROM orders o JOIN
             (SELECT l.order_id, SUM(l.quantity - l.fulfilled_quantity - l.canceled_quantity) AS open_units, SUM(l.fulfilled_quantity) AS gone,
              SUM(l.returned_quantity) AS back FROM order_lines l GROUP BY l.order_id) AS units ON units.order_id = o.order_id
             WHERE (o.state = 2) <> (units.open_units > 0 AND o.state NOT IN (1, 7))
             OR (o.fulfillment_status = 1) <> (units.gone = 0)
             OR (o.state = 4 AND units.gone = 0) OR (o.state = 6 AND units.gone > 0) OR units.back > units.gone",
    ),
    (
        "orders.fulfillments_are_counted",
        "the number of fulfillments differs from the fulfillments",
        "SELECT o.order_id FROM orders o WHERE o.fulfillment_count <>
             (SELECT COUNT(*) FROM fulfillments f WHERE f.order_id = o.order_id)",
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
              WHERE r.order_id = l.order_id AND rl.line_number = l.line_number AND (r.state = 2 OR r.is_reversed = 1) AND rl.restock = 1)",
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
             OR (o.state = 2 AND o.payment_status IN (3, 4, 5, 6, 8, 10) AND o.fulfillment_status IN (1, 2))
             OR (o.state = 4 AND o.payment_status IN (5, 6, 7, 8, 10) AND o.fulfillment_status IN (3, 4, 5, 6))
             OR (o.state = 6 AND o.payment_status IN (7, 8) AND o.fulfillment_status = 1)
             OR (o.state = 6 AND o.payment_status IN (5, 6) AND o.fulfillment_status = 1
                 AND EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.order_id AND r.is_reversed = 1))
             OR (o.state = 7 AND o.payment_status = 1 AND o.fulfillment_status = 1))
             OR (o.state IN (6, 7)) <> (o.reason IS NOT NULL)",
    ),
    (
        "orders.payment_status_follows_from_amounts",
        "its payment status does not fit how much is owed, was captured and was paid back",
        "SELECT m.order_id FROM (SELECT o.order_id, o.state, o.payment_status, o.refunded_minor AS back, o.captured_minor AS taken, o.reversed_minor AS reversed,
             COALESCE(o.total_minor, 0) - o.canceled_minor AS owed, o.captured_minor - o.given_back_minor AS net FROM orders o) AS m WHERE
             (m.payment_status IN (1, 2, 3, 8) AND (m.back <> 0 OR m.net <> 0))
             OR (m.payment_status = 4 AND NOT (m.taken > 0 AND m.net < m.owed))
             OR (m.payment_status IN (5, 6, 7) AND m.net <> m.owed)
             OR (m.payment_status = 5 AND m.back <> 0)
             OR (m.payment_status = 6 AND NOT (m.back > 0 AND m.back < m.owed))
             OR (m.payment_status = 7 AND m.back <> m.owed)
             OR (m.payment_status = 8 AND m.owed <> 0)
             OR (m.payment_status = 10) <> (m.reversed > 0)
             OR m.reversed < 0 OR m.reversed > 0 AND m.reversed > m.owed - m.net",
    ),
    (
        "orders.reversed_was_captured",
        "money is missing, but no capture was taken back",
        "SELECT o.order_id FROM orders o WHERE o.reversed_minor > 0 AND NOT EXISTS
             (SELECT 1 FROM reversed_captures c WHERE c.order_id = o.order_id)",
    ),
    (
        "orders.state_follows_from_saga",
        "the state of the order does not fit the saga that ended",
        "SELECT o.order_id FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.state = 3 AND
             (o.state = 1 OR (o.payment_status = 3 AND o.capture_method = 1)
              OR (s.kind = 4 AND EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.order_id AND r.state = 1))
              OR EXISTS (SELECT 1 FROM fulfillments f WHERE f.order_id = o.order_id AND f.state = 1)
              OR EXISTS (SELECT 1 FROM cancellations c WHERE c.order_id = o.order_id AND c.state = 1))",
    ),
];

/// An order that breaks an invariant.
#[derive(FromQueryResult)]
struct Found {
    order_id: OrderId,
}

/// Checks the invariants of this database on one state of the data.
pub async fn check(db: Db) -> Result<Report, Error> {
    db.snapshot(|snapshot| async move { run(&snapshot).await }).await
}

/// Checks every invariant on one state of the data; reads all of it.
async fn run(snapshot: &Reader) -> Result<Report, Error> {
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
