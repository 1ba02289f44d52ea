//! Goods leave, money is captured and units are canceled in parts.

use sea_orm::sea_query::{
    ColumnDef, ConditionalStatement, Expr, ExprTrait, ForeignKey, Index, Table,
};
use souk_data::{Ddl, Engine};

pub(super) fn up(ddl: &mut Ddl) {
    columns(ddl);
    sagas(ddl);
    fulfillments(ddl);
    cancellations(ddl);
    captures(ddl);
    units(ddl);
    money(ddl);
    earlier_fulfillments(ddl);
    history(ddl);
    ddl.index(
        Index::create().name("order_lines_by_sku").table("order_lines").col("sku").col("order_id"),
    );
}

fn columns(ddl: &mut Ddl) {
    let of_orders = [
        ddl.integer("captured_minor").default(0).take(),
        ddl.integer("given_back_minor").default(0).take(),
        ddl.integer("canceled_minor").default(0).take(),
        ddl.integer("fulfillment_count").default(0).take(),
    ];
    add(ddl, "orders", of_orders);
    let of_lines = [
        ddl.integer("fulfilled_quantity")
            .default(0)
            .check(Expr::cust("fulfilled_quantity >= 0"))
            .take(),
        ddl.integer("canceled_quantity")
            .default(0)
            .check(Expr::cust(
                "canceled_quantity >= 0 AND fulfilled_quantity + canceled_quantity <= quantity",
            ))
            .take(),
        ddl.integer("canceled_minor").default(0).check(Expr::cust("canceled_minor >= 0")).take(),
    ];
    add(ddl, "order_lines", of_lines);
    let of_history = [
        ddl.integer("canceled_minor").default(0).take(),
        ddl.integer("captured_minor").default(0).take(),
        ddl.bytes("fulfillment_id").null().take(),
    ];
    add(ddl, "order_history", of_history);
    let of_sagas =
        [ddl.bytes("capture_id").null().take(), ddl.integer("capture_minor").null().take()];
    add(ddl, "sagas", of_sagas);
}

fn add<const N: usize>(ddl: &mut Ddl, table: &'static str, columns: [ColumnDef; N]) {
    for column in columns {
        ddl.alter(Table::alter().table(table).add_column(column));
    }
}

/// Two more kinds: 5 cancels some units, 6 captures. SQLite changes a CHECK by making the table
/// again.
fn sagas(ddl: &mut Ddl) {
    ddl.on(Engine::Postgres, "ALTER TABLE sagas DROP CONSTRAINT sagas_kind_check");
    ddl.on(
        Engine::Postgres,
        "ALTER TABLE sagas ADD CONSTRAINT sagas_kind_check CHECK (kind BETWEEN 1 AND 6)",
    );
    if ddl.engine() != Engine::Sqlite {
        return;
    }
    ddl.create(
        Table::create()
            .table("sagas_again")
            .col(ddl.bytes("order_id").primary_key())
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 6)))
            .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
            .col(ddl.integer("step"))
            .col(ddl.integer("attempts").default(0))
            .col(ddl.text("taking_back").null())
            .col(ddl.bytes("refund_id").null())
            .col(ddl.text("failure").null())
            .col(ddl.integer("entries").default(0))
            .col(ddl.integer("effective_time"))
            .col(ddl.integer("give_up_time"))
            .col(ddl.integer("cancel_requested").default(0))
            .col(ddl.integer("due_time"))
            .col(ddl.text("lease_owner").null())
            .col(ddl.integer("lease_epoch"))
            .col(ddl.text("actor").default(""))
            .col(ddl.text("cancel_actor").default(""))
            .col(ddl.integer("cancel_reason").default(0))
            .col(ddl.text("cancel_note").default(""))
            .col(ddl.bytes("capture_id").null())
            .col(ddl.integer("capture_minor").null())
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id")),
    );
    ddl.run("INSERT INTO sagas_again SELECT * FROM sagas");
    ddl.run("DROP TABLE sagas");
    ddl.run("ALTER TABLE sagas_again RENAME TO sagas");
    ddl.index(
        Index::create()
            .name("sagas_due")
            .table("sagas")
            .col("due_time")
            .and_where(Expr::col("state").eq(1)),
    );
}

fn fulfillments(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("fulfillments")
            .col(ddl.bytes("fulfillment_id").primary_key())
            .col(ddl.bytes("order_id"))
            .col(ddl.integer("fulfillment_number"))
            .col(ddl.text("request_key").unique_key())
            .col(ddl.bytes("request_hash"))
            // 1 pending, 2 shipped, 3 delivered.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
            .col(ddl.integer("line_count"))
            .col(ddl.text("location_id").default(""))
            .col(ddl.text("carrier").default(""))
            .col(ddl.text("tracking_number").default(""))
            .col(ddl.text("tracking_uri").default(""))
            .col(ddl.integer("version").default(1))
            .col(ddl.text("actor").default(""))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time"))
            .col(ddl.integer("effective_time"))
            .col(ddl.integer("delivery_time").null())
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
            .index(Index::create().unique().col("order_id").col("fulfillment_number")),
    );
    ddl.create_without_rowid(
        Table::create()
            .table("fulfillment_lines")
            .col(ddl.bytes("fulfillment_id"))
            .col(ddl.integer("position"))
            .col(ddl.integer("line_number"))
            .col(ddl.integer("quantity").check(Expr::col("quantity").gte(1)))
            .foreign_key(
                ForeignKey::create()
                    .from_col("fulfillment_id")
                    .to("fulfillments", "fulfillment_id"),
            )
            .primary_key(Index::create().col("fulfillment_id").col("position")),
    );
}

fn cancellations(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("cancellations")
            .col(ddl.bytes("cancellation_id").primary_key())
            .col(ddl.bytes("order_id"))
            .col(ddl.text("request_key").unique_key())
            .col(ddl.bytes("request_hash"))
            // 1 pending, 2 done.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 2)))
            .col(ddl.bytes("refund_id"))
            .col(ddl.integer("reason").default(0))
            .col(ddl.text("note").default(""))
            .col(ddl.text("actor").default(""))
            .col(ddl.integer("create_time"))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id")),
    );
    ddl.index(
        Index::create().name("cancellations_of_order").table("cancellations").col("order_id"),
    );
    ddl.create_without_rowid(
        Table::create()
            .table("cancellation_lines")
            .col(ddl.bytes("cancellation_id"))
            .col(ddl.integer("line_number"))
            .col(ddl.integer("quantity").check(Expr::col("quantity").gte(1)))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gte(0)))
            .foreign_key(
                ForeignKey::create()
                    .from_col("cancellation_id")
                    .to("cancellations", "cancellation_id"),
            )
            .primary_key(Index::create().col("cancellation_id").col("line_number")),
    );
}

fn captures(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("captures")
            .col(ddl.bytes("capture_id").primary_key())
            .col(ddl.bytes("order_id"))
            .col(ddl.text("request_key").unique_key())
            .col(ddl.bytes("request_hash"))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gte(1)))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id")),
    );
}

/// What has left of an order left whole, and what was canceled was canceled whole.
fn units(ddl: &mut Ddl) {
    ddl.run(
        "UPDATE order_lines SET fulfilled_quantity = quantity \
         WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.fulfillment_status <> 1)",
    );
    ddl.run(
        "UPDATE order_lines SET canceled_quantity = quantity - fulfilled_quantity \
         WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 6)",
    );
}

/// What a cancellation paid back does not count as a refund any more.
fn money(ddl: &mut Ddl) {
    ddl.run(
        "UPDATE orders SET captured_minor = COALESCE(total_minor, 0) \
         WHERE payment_status IN (5, 6, 7)",
    );
    ddl.run(
        "UPDATE orders SET refunded_minor = \
         (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r \
         WHERE r.order_id = orders.order_id AND r.state = 2) WHERE state = 6",
    );
    ddl.run(
        "UPDATE orders SET canceled_minor = COALESCE(total_minor, 0) - refunded_minor, \
         given_back_minor = CASE WHEN payment_status = 7 \
         THEN COALESCE(total_minor, 0) - refunded_minor ELSE 0 END WHERE state = 6",
    );
}

/// An order that has left, or is leaving, gets one fulfillment with the UUID of the order.
fn earlier_fulfillments(ddl: &mut Ddl) {
    ddl.run(
        "INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, \
         request_hash, state, line_count, actor, create_time, update_time, effective_time) \
         SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, \
         2, o.line_count, h.actor, h.change_time, h.change_time, h.change_time \
         FROM orders o JOIN order_history h ON h.order_id = o.order_id AND h.kind = 'fulfilled'",
    );
    ddl.run(
        "INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, \
         request_hash, state, line_count, actor, create_time, update_time, effective_time) \
         SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, \
         1, o.line_count, s.actor, o.update_time, o.update_time, s.effective_time \
         FROM orders o JOIN sagas s ON s.order_id = o.order_id \
         WHERE s.kind = 3 AND s.state <> 3 AND o.fulfillment_status = 1",
    );
    ddl.run(
        "INSERT INTO fulfillment_lines (fulfillment_id, position, line_number, quantity) \
         SELECT f.fulfillment_id, l.line_number, l.line_number, l.quantity \
         FROM fulfillments f JOIN order_lines l ON l.order_id = f.order_id",
    );
    ddl.run(
        "UPDATE orders SET fulfillment_count = 1 \
         WHERE order_id IN (SELECT f.order_id FROM fulfillments f)",
    );
}

fn history(ddl: &mut Ddl) {
    ddl.on(Engine::Sqlite, "DROP TRIGGER order_history_is_not_changed");
    ddl.on(
        Engine::Postgres,
        "ALTER TABLE order_history DISABLE TRIGGER order_history_is_append_only",
    );
    ddl.run(
        "UPDATE order_history SET canceled_minor = o.canceled_minor, \
         refunded_minor = o.refunded_minor FROM orders AS o \
         WHERE o.order_id = order_history.order_id AND order_history.state = 6",
    );
    ddl.run(
        "UPDATE order_history SET captured_minor = \
         CASE WHEN order_history.state = 6 THEN o.captured_minor - o.given_back_minor \
         ELSE o.captured_minor END FROM orders AS o \
         WHERE o.order_id = order_history.order_id AND order_history.payment_status IN (5, 6, 7)",
    );
    ddl.run("UPDATE order_history SET fulfillment_id = order_id WHERE kind = 'fulfilled'");
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
