//! The migrations: how the tables came to be, on both engines.

mod axes;
mod customers;
mod order_payments;
mod parts;
mod reversals;
mod updated_fields;

use sea_orm::sea_query::{
    ConditionalStatement, Expr, ExprTrait, ForeignKey, Index, Table, TableCreateStatement,
};
use souk_data::{Ddl, Engine, Migration, Schema};

/// The tables and how they came to be.
pub static SCHEMA: Schema = Schema {
    name: "orders",
    migrations: &[
        Migration {
            version: 1,
            name: "orders",
            up: tables,
            earlier_checksums: &[
                "55537ffd52fc81446f8c2c49b489030ac9e4f09318df2230496127ce1c5b8421",
                "0e5dc1ca3aad604ff836a9c97cf529f2ce01d9df069a58a3d868c27d8e467020",
            ],
        },
        Migration {
            version: 2,
            name: "lines and returns",
            up: lines_and_returns,
            earlier_checksums: &[
                "74955899086b4b8179a42477202c1f1ef4994b5fb71244a7e621ff86d9ef9199",
                "89a9bdcc73fef683693d2e20d267a496532c793e304f3a377099bc0e6c0369e7",
            ],
        },
        Migration {
            version: 3,
            name: "axes, totals and actors",
            up: axes::up,
            earlier_checksums: &[],
        },
        Migration {
            version: 4,
            name: "fulfillments, captures and cancellations in parts",
            up: parts::up,
            earlier_checksums: &[],
        },
        Migration {
            version: 5,
            name: "customers and guests",
            up: customers::up,
            earlier_checksums: &[],
        },
        Migration {
            version: 6,
            name: "fields that changed",
            up: updated_fields::up,
            earlier_checksums: &[],
        },
        Migration {
            version: 7,
            name: "captures and refunds that a provider took back",
            up: reversals::up,
            earlier_checksums: &[],
        },
        Migration {
            version: 8,
            name: "several payments of an order",
            up: order_payments::up,
            earlier_checksums: &[],
        },
    ],
};

fn tables(ddl: &mut Ddl) {
    orders(ddl);
    order_lines(ddl);
    ddl.create(&refunds(ddl, "refunds", Expr::col("amount_minor").gt(0)));
    ddl.create_without_rowid(&refund_lines(ddl, "refund_lines", "refunds"));
    order_history(ddl);
    sagas(ddl);
    journal(ddl);
    append_only(ddl);
}

fn orders(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("orders")
            .col(ddl.bytes("order_id").primary_key())
            .col(ddl.text("customer_id"))
            .col(ddl.text("reference"))
            .col(ddl.text("currency_code"))
            .col(ddl.integer("state").check(Expr::col("state").between(1, 7)))
            .col(ddl.integer("total_minor").null())
            .col(ddl.integer("refunded_minor").default(0).check(Expr::col("refunded_minor").gte(0)))
            .col(ddl.text("reason").null())
            .col(ddl.text("reason_facts").null())
            .col(ddl.integer("version").check(Expr::col("version").gte(1)))
            .col(ddl.integer("is_quarantined").default(0))
            .col(ddl.text("action_url").null())
            // The caller and its request id: the key of the order.
            .col(ddl.text("request_key").unique_key())
            .col(ddl.bytes("request_hash"))
            // The lines of the request, until the prices are frozen or the order has ended; the
            // payment method until it is authorised.
            .col(ddl.bytes("wishes").null())
            .col(ddl.text("payment_method").null())
            .col(ddl.integer("expected_minor").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time"))
            .col(ddl.integer("effective_time"))
            .check(Expr::cust("total_minor IS NULL OR refunded_minor <= total_minor")),
    );

    ddl.index(
        Index::create()
            .name("orders_of_customer")
            .table("orders")
            .col("customer_id")
            .col("order_id"),
    );

    ddl.index(
        Index::create()
            .name("orders_quarantined")
            .table("orders")
            .col("order_id")
            .and_where(Expr::col("is_quarantined").eq(1)),
    );
}

fn order_lines(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("order_lines")
            .col(ddl.bytes("order_id"))
            .col(ddl.integer("line_number"))
            .col(ddl.text("sku"))
            .col(ddl.bytes("price_id"))
            .col(ddl.text("title"))
            .col(ddl.integer("quantity").check(Expr::col("quantity").gte(1)))
            .col(ddl.integer("unit_minor").check(Expr::col("unit_minor").gte(0)))
            .col(ddl.integer("refunded_quantity").default(0))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
            .primary_key(Index::create().col("order_id").col("line_number"))
            .check(Expr::cust("refunded_quantity BETWEEN 0 AND quantity")),
    );
}

/// Every version of every order, for WatchOrder and the audit. Append-only.
fn order_history(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("order_history")
            .col(ddl.bytes("order_id"))
            .col(ddl.integer("version"))
            .col(ddl.integer("state"))
            .col(ddl.text("kind"))
            .col(ddl.integer("refunded_minor"))
            .col(ddl.integer("change_time"))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
            .primary_key(Index::create().col("order_id").col("version")),
    );
}

/// The saga that is under way on an order, or the last that was.
fn sagas(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("sagas")
            .col(ddl.bytes("order_id").primary_key())
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 4)))
            // 1 running, 2 quarantined, 3 ended.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
            .col(ddl.integer("step"))
            .col(ddl.integer("attempts").default(0))
            .col(ddl.text("taking_back").null())
            .col(ddl.bytes("refund_id").null())
            .col(ddl.text("failure").null())
            // How many entries the journal has.
            .col(ddl.integer("entries").default(0))
            .col(ddl.integer("effective_time"))
            .col(ddl.integer("give_up_time"))
            .col(ddl.integer("cancel_requested").default(0))
            // Any replica may take the saga once this has passed: the end of a lease, or of a
            // pause.
            .col(ddl.integer("due_time"))
            .col(ddl.text("lease_owner").null())
            .col(ddl.integer("lease_epoch"))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id")),
    );

    ddl.index(
        Index::create()
            .name("sagas_due")
            .table("sagas")
            .col("due_time")
            .and_where(Expr::col("state").eq(1)),
    );
}

/// Every step of every saga of an order, as it was decided. Append-only.
fn journal(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("journal")
            .col(ddl.bytes("order_id"))
            .col(ddl.integer("entry"))
            .col(ddl.integer("kind"))
            .col(ddl.integer("step"))
            .col(ddl.text("outcome"))
            .col(ddl.integer("lease_epoch"))
            .col(ddl.integer("entry_time"))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
            .primary_key(Index::create().col("order_id").col("entry")),
    );
}

fn append_only(ddl: &mut Ddl) {
    ddl.on(
        Engine::Postgres,
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$",
    );
    for table in ["order_history", "journal"] {
        let message = format!("{table} is append-only");
        ddl.refuse_on_sqlite(
            &format!("{table}_is_not_changed"),
            &format!("UPDATE ON {table}"),
            &message,
        );
        ddl.refuse_on_sqlite(
            &format!("{table}_is_not_deleted"),
            &format!("DELETE ON {table}"),
            &message,
        );
        ddl.refuse_on_postgres(
            &format!("{table}_is_append_only"),
            &format!("UPDATE OR DELETE ON {table} FOR EACH ROW"),
            "refuse_change",
        );
    }
}

fn lines_and_returns(ddl: &mut Ddl) {
    // An order shows its first lines and how many there are.
    ddl.alter(Table::alter().table("orders").add_column(ddl.integer("line_count").default(0)));
    ddl.run(
        "UPDATE orders SET line_count = \
         (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = orders.order_id)",
    );

    // Goods may come back for nothing, so a refund may be of 0.
    ddl.on(Engine::Postgres, "ALTER TABLE refunds DROP CONSTRAINT refunds_amount_minor_check");
    ddl.on(
        Engine::Postgres,
        "ALTER TABLE refunds ADD CONSTRAINT refunds_amount_minor_check CHECK (amount_minor >= 0)",
    );
    refunds_again_on_sqlite(ddl);

    ddl.alter(
        Table::alter().table("order_lines").add_column(
            ddl.integer("returned_quantity")
                .default(0)
                .check(Expr::cust("returned_quantity BETWEEN 0 AND quantity")),
        ),
    );
    ddl.run(
        "UPDATE order_lines SET returned_quantity = \
         (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) \
         FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id \
         WHERE r.order_id = order_lines.order_id AND rl.line_number = order_lines.line_number \
         AND r.state = 2 AND r.restock = 1) \
         WHERE order_id IN (SELECT order_id FROM refunds WHERE restock = 1 AND state = 2)",
    );

    // An order that was refunded whole before its goods left kept its stock reserved. Its refund
    // goes on, and releases it.
    ddl.run(
        "UPDATE sagas SET state = 1, step = 7, attempts = 0, due_time = 0, lease_owner = NULL \
         WHERE state = 3 AND kind = 4 \
         AND order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 5) \
         AND order_id NOT IN \
         (SELECT h.order_id FROM order_history h WHERE h.kind = 'fulfilled')",
    );
}

/// SQLite changes a CHECK by making the table again, and with it those that refer to it.
fn refunds_again_on_sqlite(ddl: &mut Ddl) {
    if ddl.engine() != Engine::Sqlite {
        return;
    }
    ddl.create(&refunds(ddl, "refunds_again", Expr::col("amount_minor").gte(0)));
    ddl.run("INSERT INTO refunds_again SELECT * FROM refunds");
    ddl.create_without_rowid(&refund_lines(ddl, "refund_lines_again", "refunds_again"));
    ddl.run("INSERT INTO refund_lines_again SELECT * FROM refund_lines");
    ddl.run("DROP TABLE refund_lines");
    ddl.run("DROP TABLE refunds");
    ddl.run("ALTER TABLE refunds_again RENAME TO refunds");
    ddl.run("ALTER TABLE refund_lines_again RENAME TO refund_lines");
}

fn refunds(ddl: &Ddl, name: &'static str, amount: Expr) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(ddl.bytes("refund_id").primary_key())
        .col(ddl.bytes("order_id"))
        .col(ddl.integer("refund_number"))
        .col(ddl.text("request_key").unique_key())
        .col(ddl.bytes("request_hash"))
        .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
        .col(ddl.integer("amount_minor").check(amount))
        .col(ddl.integer("restock"))
        .col(ddl.integer("create_time"))
        .col(ddl.integer("effective_time"))
        .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
        .index(Index::create().unique().col("order_id").col("refund_number"))
        .take()
}

fn refund_lines(ddl: &Ddl, name: &'static str, refunds: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(ddl.bytes("refund_id"))
        .col(ddl.integer("line_number"))
        .col(ddl.integer("quantity").check(Expr::col("quantity").gte(1)))
        .foreign_key(ForeignKey::create().from_col("refund_id").to(refunds, "refund_id"))
        .primary_key(Index::create().col("refund_id").col("line_number"))
        .take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
