//! The migrations of the book: how its tables came to be, on both engines.

use sea_orm::sea_query::{Expr, ExprTrait, Index, Table};
use souk_data::{Ddl, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "payments-simulator",
    migrations: &[
        Migration {
            version: 1,
            name: "simulator",
            up: tables,
            earlier_checksums: &[
                "346ebecb0cf1b149b232dbd61a0120a1b31c930366f84d5c707c7e1b352dd1d0",
                "7591e3bae1caca1f7e500a148e384a38b1312adcfd5821363c56292fa87b671c",
            ],
        },
        Migration {
            version: 2,
            name: "decision",
            up: decision,
            earlier_checksums: &[
                "f3a8be078fbc6313dd46703b8a726209919dea953c78d8dcce74debf942212a0",
                "569058f3bf8e81b989450c89a3f28f8c07e4803f2ee9cebeb839d40ffbc6463b",
            ],
        },
        Migration { version: 3, name: "reversals", up: reversals, earlier_checksums: &[] },
    ],
};

fn tables(ddl: &mut Ddl) {
    charges(ddl);
    operations(ddl);
    lost_requests(ddl);
    scripts(ddl);
}

fn charges(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("charges")
            .col(ddl.bytes("payment_id").primary_key())
            .col(ddl.text("currency_code"))
            // The token it was last authorised with.
            .col(ddl.text("method").null())
            // 1 open, 2 waits for the customer, 3 held, 4 closed.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 4)))
            .col(ddl.integer("held_minor").default(0).check(Expr::col("held_minor").gte(0)))
            .col(ddl.integer("captured_minor").default(0))
            .col(ddl.integer("refunded_minor").default(0).check(Expr::col("refunded_minor").gte(0)))
            .col(ddl.integer("fees_minor").default(0).check(Expr::col("fees_minor").gte(0)))
            // How many operations took effect.
            .col(ddl.integer("operations").default(0))
            .col(ddl.integer("create_time"))
            .check(Expr::cust("refunded_minor <= captured_minor")),
    );
}

/// Every operation that arrived, under its key, with the answer that a repeat gets.
fn operations(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("operations")
            .col(ddl.bytes("operation_key").primary_key())
            .col(ddl.bytes("payment_id"))
            .col(ddl.integer("operation").check(Expr::col("operation").between(1, 5)))
            .col(ddl.integer("amount_minor"))
            // 1 approved, 2 declined, 3 the customer must act.
            .col(ddl.integer("answer").check(Expr::col("answer").between(1, 3)))
            .col(ddl.integer("fee_minor"))
            .col(ddl.text("decline").null())
            .col(ddl.integer("is_retryable"))
            .col(ddl.text("action_url").null())
            .col(ddl.integer("create_time")),
    );

    ddl.refuse_on_sqlite(
        "operations_are_not_changed",
        "UPDATE ON operations",
        "operations is append-only",
    );
    ddl.refuse_on_sqlite(
        "operations_are_not_deleted",
        "DELETE ON operations",
        "operations is append-only",
    );
    ddl.refuse_on_postgres(
        "operations_are_append_only",
        "UPDATE OR DELETE ON operations FOR EACH ROW",
        "souk_refuse_change",
    );
}

/// Keys whose first request was lost on purpose; the next one arrives.
fn lost_requests(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create().table("lost_requests").col(ddl.bytes("operation_key").primary_key()),
    );
}

/// What the next operations are to come to.
fn scripts(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("scripts")
            .col(ddl.integer("script_number").primary_key())
            .col(ddl.text("method").null())
            .col(ddl.bytes("payment_id").null())
            .col(ddl.integer("operation").null())
            .col(ddl.integer("outcome"))
            .check(Expr::cust("(method IS NULL) <> (payment_id IS NULL)")),
    );
}

fn decision(ddl: &mut Ddl) {
    // What the customer decided at the action url: 1 approved, 0 declined, NULL while nothing is
    // decided.
    ddl.alter(
        Table::alter()
            .table("charges")
            .add_column(ddl.integer("decision").null().check(Expr::col("decision").is_in([0, 1]))),
    );
}

/// What was taken back, until when the simulator waits, and where the customer goes afterwards.
fn reversals(ddl: &mut Ddl) {
    ddl.alter(Table::alter().table("charges").add_column(ddl.text("return_url").null()));
    ddl.alter(Table::alter().table("charges").add_column(ddl.integer("expire_time").null()));
    ddl.alter(Table::alter().table("operations").add_column(ddl.integer("expire_time").null()));
    ddl.create_without_rowid(
        Table::create()
            .table("reversals")
            .col(ddl.bytes("payment_id"))
            .col(ddl.bytes("operation_key"))
            .col(ddl.integer("create_time"))
            .primary_key(Index::create().col("payment_id").col("operation_key")),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
