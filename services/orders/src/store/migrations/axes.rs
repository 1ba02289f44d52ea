//! Orders get three axes instead of one state, a number, parts of their total, contact and
//! addresses; changes get an actor and a cause; refunds get a reason, and amounts per line.

use sea_orm::sea_query::{ColumnDef, ConditionalStatement, Expr, ExprTrait, Index, Table};
use souk_data::{Ddl, Engine};

pub(super) fn up(ddl: &mut Ddl) {
    columns(ddl);
    orders(ddl);
    order_numbers(ddl);
    history(ddl);
    refunds(ddl);
    indexes(ddl);
}

fn columns(ddl: &mut Ddl) {
    let of_orders = [
        ddl.integer("payment_status").default(1).take(),
        ddl.integer("fulfillment_status").default(1).take(),
        ddl.integer("order_number").default(0).take(),
        ddl.text("channel").default("default").take(),
        ddl.text("locale").default("").take(),
        ddl.integer("subtotal_minor").null().take(),
        ddl.integer("discount_minor").default(0).take(),
        ddl.integer("shipping_minor").default(0).take(),
        ddl.integer("tax_minor").default(0).take(),
        ddl.text("decline").null().take(),
        ddl.integer("payment_tries").default(1).take(),
        ddl.integer("action_expire_time").null().take(),
        ddl.integer("expire_time").default(0).take(),
        ddl.text("return_url").null().take(),
        ddl.bytes("contact").null().take(),
        ddl.bytes("shipping_address").null().take(),
        ddl.bytes("billing_address").null().take(),
        ddl.text("customer_note").default("").take(),
        ddl.text("metadata").null().take(),
        ddl.integer("capture_method").default(1).take(),
    ];
    add(ddl, "orders", of_orders);
    let of_lines = [ddl.bytes("product_id").null().take(), ddl.bytes("variant_id").null().take()];
    add(ddl, "order_lines", of_lines);
    let of_history = [
        ddl.integer("payment_status").default(1).take(),
        ddl.integer("fulfillment_status").default(1).take(),
        ddl.integer("previous_state").null().take(),
        ddl.integer("previous_payment_status").null().take(),
        ddl.integer("previous_fulfillment_status").null().take(),
        ddl.integer("cause").default(0).take(),
        ddl.text("actor").default("").take(),
        ddl.integer("cancel_reason").default(0).take(),
        ddl.text("note").default("").take(),
    ];
    add(ddl, "order_history", of_history);
    let of_sagas = [
        ddl.text("actor").default("").take(),
        ddl.text("cancel_actor").default("").take(),
        ddl.integer("cancel_reason").default(0).take(),
        ddl.text("cancel_note").default("").take(),
    ];
    add(ddl, "sagas", of_sagas);
    let of_the_journal = [ddl.text("actor").default("").take()];
    add(ddl, "journal", of_the_journal);
    let of_refunds = [
        ddl.integer("reason").default(0).take(),
        ddl.text("note").default("").take(),
        ddl.text("actor").default("").take(),
    ];
    add(ddl, "refunds", of_refunds);
    let of_refund_lines = [
        ddl.integer("amount_minor").default(0).take(),
        ddl.integer("restock").default(0).take(),
        ddl.integer("is_refunded").default(0).take(),
    ];
    add(ddl, "refund_lines", of_refund_lines);
}

fn add<const N: usize>(ddl: &mut Ddl, table: &'static str, columns: [ColumnDef; N]) {
    for column in columns {
        ddl.alter(Table::alter().table(table).add_column(column));
    }
}

/// The states of before are 1 pending, 2 placed, 3 paid, 4 fulfilled, 5 refunded, 6 canceled,
/// 7 rejected.
fn orders(ddl: &mut Ddl) {
    ddl.run(
        "UPDATE orders SET subtotal_minor = total_minor, \
         expire_time = create_time + 960000000, \
         reason = CASE \
         WHEN state = 5 AND NOT EXISTS (SELECT 1 FROM order_history h \
         WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 'REFUNDED' \
         WHEN reason = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED' \
         THEN 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' \
         ELSE reason END, \
         payment_status = CASE \
         WHEN state = 1 AND action_url IS NOT NULL THEN 2 \
         WHEN state IN (1, 7) THEN 1 \
         WHEN state = 2 THEN 3 \
         WHEN state = 5 THEN 7 \
         WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history h \
         WHERE h.order_id = orders.order_id AND h.kind = 'paid') THEN 7 \
         WHEN state = 6 THEN 8 \
         WHEN refunded_minor > 0 THEN 6 \
         ELSE 5 END, \
         fulfillment_status = CASE \
         WHEN NOT EXISTS (SELECT 1 FROM order_history h \
         WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 1 \
         WHEN NOT EXISTS (SELECT 1 FROM order_lines l \
         WHERE l.order_id = orders.order_id AND l.returned_quantity > 0) THEN 3 \
         WHEN EXISTS (SELECT 1 FROM order_lines l \
         WHERE l.order_id = orders.order_id AND l.returned_quantity < l.quantity) THEN 5 \
         ELSE 6 END",
    );
    // What a cancellation paid back counts as paid back.
    ddl.run(
        "UPDATE orders SET refunded_minor = total_minor WHERE state = 6 AND payment_status = 7",
    );
    ddl.run(
        "UPDATE orders SET state = CASE WHEN state = 3 THEN 2 \
         WHEN fulfillment_status = 1 THEN 6 ELSE 4 END WHERE state IN (3, 5)",
    );
    ddl.run(
        "UPDATE sagas SET taking_back = 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' \
         WHERE taking_back = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED'",
    );
}

fn order_numbers(ddl: &mut Ddl) {
    ddl.run(
        "UPDATE orders SET order_number = numbered.number FROM \
         (SELECT order_id, ROW_NUMBER() OVER (ORDER BY order_id) + 1000 AS number FROM orders) \
         AS numbered WHERE numbered.order_id = orders.order_id",
    );
    ddl.create(
        Table::create()
            .table("order_numbers")
            .col(ddl.integer("id").primary_key().check(Expr::col("id").eq(1)))
            .col(ddl.integer("next_number")),
    );
    ddl.run(
        "INSERT INTO order_numbers (id, next_number) \
         SELECT 1, COALESCE(MAX(order_number), 1000) + 1 FROM orders",
    );
}

fn history(ddl: &mut Ddl) {
    ddl.on(Engine::Sqlite, "DROP TRIGGER order_history_is_not_changed");
    ddl.on(
        Engine::Postgres,
        "ALTER TABLE order_history DISABLE TRIGGER order_history_is_append_only",
    );
    ddl.run(
        "UPDATE order_history SET payment_status = CASE \
         WHEN kind = 'action_needed' THEN 2 \
         WHEN state IN (1, 7) THEN 1 \
         WHEN state = 2 THEN 3 \
         WHEN state = 5 THEN 7 \
         WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history p \
         WHERE p.order_id = order_history.order_id AND p.kind = 'paid' \
         AND p.version < order_history.version) THEN 7 \
         WHEN state = 6 THEN 8 \
         WHEN refunded_minor > 0 THEN 6 \
         ELSE 5 END, \
         fulfillment_status = CASE \
         WHEN EXISTS (SELECT 1 FROM order_history f \
         WHERE f.order_id = order_history.order_id AND f.kind = 'fulfilled' \
         AND f.version <= order_history.version) THEN 3 \
         ELSE 1 END",
    );
    ddl.run(
        "UPDATE order_history SET \
         kind = CASE WHEN kind = 'action_needed' THEN 'payment_action_required' ELSE kind END, \
         state = CASE WHEN state = 3 THEN 2 \
         WHEN state = 5 AND fulfillment_status = 1 THEN 6 \
         WHEN state = 5 THEN 4 ELSE state END, \
         refunded_minor = CASE WHEN state = 6 AND payment_status = 7 \
         THEN (SELECT o.refunded_minor FROM orders o WHERE o.order_id = order_history.order_id) \
         ELSE refunded_minor END",
    );
    // The last row is as its order is: the earlier ones do not know when which units returned.
    ddl.run(
        "UPDATE order_history SET payment_status = o.payment_status, \
         fulfillment_status = o.fulfillment_status FROM orders AS o \
         WHERE o.order_id = order_history.order_id AND o.version = order_history.version",
    );
    ddl.run(
        "UPDATE order_history SET previous_state = p.state, \
         previous_payment_status = p.payment_status, \
         previous_fulfillment_status = p.fulfillment_status FROM order_history AS p \
         WHERE p.order_id = order_history.order_id AND p.version = order_history.version - 1",
    );
    ddl.refuse_on_sqlite(
        "order_history_is_not_changed",
        "UPDATE ON order_history",
        "order_history is append-only",
    );
    ddl.on(
        Engine::Postgres,
        "ALTER TABLE order_history ENABLE TRIGGER order_history_is_append_only",
    );
}

fn refunds(ddl: &mut Ddl) {
    ddl.run(
        "UPDATE refund_lines SET restock = r.restock, \
         is_refunded = CASE WHEN r.amount_minor > 0 THEN 1 ELSE 0 END FROM refunds AS r \
         WHERE r.refund_id = refund_lines.refund_id",
    );
    // The amount of a refund belongs to its lines in their order, to each at most its price.
    ddl.run(
        "UPDATE refund_lines SET amount_minor = CASE WHEN filled.amount_left <= 0 THEN 0 \
         WHEN filled.amount_left < filled.price THEN filled.amount_left \
         ELSE filled.price END FROM \
         (SELECT rl.refund_id, rl.line_number, rl.quantity * l.unit_minor AS price, \
         r.amount_minor + rl.quantity * l.unit_minor - \
         CAST(SUM(rl.quantity * l.unit_minor) OVER \
         (PARTITION BY rl.refund_id ORDER BY rl.line_number) AS BIGINT) AS amount_left \
         FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id \
         JOIN order_lines l ON l.order_id = r.order_id AND l.line_number = rl.line_number) \
         AS filled WHERE filled.refund_id = refund_lines.refund_id \
         AND filled.line_number = refund_lines.line_number",
    );
    ddl.run("ALTER TABLE refunds DROP COLUMN restock");
}

fn indexes(ddl: &mut Ddl) {
    ddl.index(
        Index::create().name("orders_by_number").table("orders").col("order_number").unique(),
    );
    for (name, column) in [
        ("orders_in_state", "state"),
        ("orders_by_payment_status", "payment_status"),
        ("orders_by_fulfillment_status", "fulfillment_status"),
    ] {
        ddl.index(Index::create().name(name).table("orders").col(column).col("order_id"));
    }
    ddl.index(
        Index::create()
            .name("orders_by_reference")
            .table("orders")
            .col("reference")
            .col("order_id")
            .and_where(Expr::col("reference").ne("")),
    );
    ddl.index(
        Index::create()
            .name("orders_of_channel")
            .table("orders")
            .col("channel")
            .col("order_id")
            .and_where(Expr::col("channel").ne("default")),
    );
}
