//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{ConditionalStatement, Expr, ExprTrait, ForeignKey, Index, Table};
use souk_data::{Ddl, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "payments",
    migrations: &[
        Migration {
            version: 1,
            name: "payments",
            up: tables,
            earlier_checksums: &[
                "1aa4de0f2dc8323a2c50f3609f34ef6105a8ed1e5c0f3a03b08b6b010a15ada5",
                "fe3e25997bf66516ffc1ee07ed3cc5133cfdcfdfda9e670ace7f331cc37a1215",
            ],
        },
        Migration { version: 2, name: "owner", up: owner, earlier_checksums: &[] },
    ],
};

fn tables(ddl: &mut Ddl) {
    payments(ddl);
    attempts(ddl);
    refunds(ddl);
}

fn payments(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("payments")
            .col(ddl.bytes("payment_id").primary_key())
            // NULL in a tombstone: a payment that was voided before it arrived.
            .col(ddl.bytes("order_id").null())
            .col(ddl.text("customer_id"))
            .col(ddl.text("currency_code"))
            .col(ddl.integer("amount_minor"))
            .col(ddl.integer("authorized_minor").default(0))
            .col(ddl.integer("captured_minor").default(0))
            .col(ddl.integer("refunded_minor").default(0))
            .col(ddl.integer("fees_minor").default(0).check(Expr::col("fees_minor").gte(0)))
            // As in the contract: 1 needs a method … 4 processing, 5 authorised, 6 captured, 7
            // canceled.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 7)))
            // The provider's token. Never logged.
            .col(ddl.text("method").null())
            .col(ddl.text("decline").null())
            .col(ddl.integer("is_retryable").default(0))
            .col(ddl.text("action_url").null())
            // The pending transfer in the ledger.
            .col(ddl.bytes("hold_id").null())
            // How many attempts there are; the last is the one in flight.
            .col(ddl.integer("attempts").default(0))
            // The operation slot: 0 free, 1 claimed until due_time, 2 left unfinished, to be taken
            // up at due_time or by the next call.
            .col(ddl.integer("slot").default(0).check(Expr::col("slot").between(0, 2)))
            // Counts the claims; an operation whose claim was taken over writes nothing.
            .col(ddl.integer("epoch").default(0))
            .col(ddl.integer("due_time").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time"))
            .col(ddl.integer("effective_time"))
            .check(Expr::cust("0 <= refunded_minor AND refunded_minor <= captured_minor"))
            .check(Expr::cust(
                "captured_minor <= authorized_minor AND authorized_minor <= amount_minor",
            ))
            .check(Expr::cust("(slot = 0) = (due_time IS NULL)"))
            // Processing means that an attempt is in flight.
            .check(Expr::cust("state <> 4 OR slot > 0"))
            .check(Expr::cust("order_id IS NOT NULL OR state = 7")),
    );

    ddl.index(
        Index::create()
            .name("payments_due")
            .table("payments")
            .col("due_time")
            .and_where(Expr::col("slot").gt(0)),
    );
}

/// Every attempt to have the provider do something, written before the call.
fn attempts(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("attempts")
            .col(ddl.bytes("payment_id"))
            .col(ddl.integer("attempt_number").check(Expr::col("attempt_number").gte(1)))
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 6)))
            // 1 calling, 2 unknown, 3 ledger due, 4 succeeded, 5 declined, 6 action required,
            // 7 superseded.
            .col(ddl.integer("stage").check(Expr::col("stage").between(1, 7)))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gte(0)))
            .col(ddl.integer("rest_minor").check(Expr::col("rest_minor").gte(0)))
            .col(ddl.bytes("hold_id").null())
            .col(ddl.integer("makes_hold"))
            // Of a capture: its key, and the amount of the request.
            .col(ddl.text("request_id").null())
            .col(ddl.integer("asked_minor").null())
            .col(ddl.integer("is_final"))
            .col(ddl.bytes("refund_id").null())
            .col(ddl.integer("fee_minor").default(0))
            .col(ddl.text("decline").null())
            .col(ddl.integer("is_retryable").default(0))
            .col(ddl.integer("tries").default(0))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("effective_time"))
            .foreign_key(ForeignKey::create().from_col("payment_id").to("payments", "payment_id"))
            .primary_key(Index::create().col("payment_id").col("attempt_number")),
    );

    ddl.refuse_on_sqlite(
        "attempts_are_not_deleted",
        "DELETE ON attempts",
        "attempts are kept for ever",
    );
    ddl.refuse_on_postgres(
        "attempts_are_not_deleted",
        "DELETE ON attempts FOR EACH ROW",
        "souk_refuse_change",
    );
}

fn refunds(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("refunds")
            .col(ddl.bytes("refund_id").primary_key())
            .col(ddl.bytes("payment_id"))
            .col(ddl.text("currency_code"))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gt(0)))
            // 1 pending, 2 succeeded, 3 failed.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
            .col(ddl.integer("attempt_number"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("effective_time"))
            .foreign_key(ForeignKey::create().from_col("payment_id").to("payments", "payment_id")),
    );

    ddl.index(
        Index::create()
            .name("refunds_of_payment")
            .table("refunds")
            .col("payment_id")
            .col("refund_id"),
    );
}

/// Who made a payment, and alone may change it.
fn owner(ddl: &mut Ddl) {
    ddl.alter(Table::alter().table("payments").add_column(ddl.text("owner").default("")));
    // Until now only the orders service could make payments of orders.
    ddl.run("UPDATE payments SET owner = 'service:orders' WHERE length(order_id) > 0");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
