//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{ConditionalStatement, Expr, ExprTrait, ForeignKey, Index, Table};
use souk_data::{Ddl, Engine, Migration, Schema};

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
        Migration { version: 3, name: "captures", up: captures, earlier_checksums: &[] },
        Migration { version: 4, name: "customers", up: customers, earlier_checksums: &[] },
        Migration { version: 5, name: "actors", up: actors, earlier_checksums: &[] },
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

/// Captures under ids of their own, why something was declined as a code, what expires, what the
/// customer pays with, and what lists find.
fn captures(ddl: &mut Ddl) {
    more_of_payments(ddl);
    more_of_refunds(ddl);
    match ddl.engine() {
        Engine::Sqlite => attempts_again(ddl),
        Engine::Postgres => change_attempts(ddl),
    }
    attempts_with_captures(ddl);
    lists(ddl);
}

fn more_of_payments(ddl: &mut Ddl) {
    let columns = [
        ddl.text("reference").default("").take(),
        // As in the contract: 1 voided, 2 the authorisation expired, 3 the capture was reversed.
        ddl.integer("cancellation").null().take(),
        // Where the customer comes back to. Never logged.
        ddl.text("return_url").null().take(),
        ddl.text("brand").null().take(),
        ddl.text("last4").null().take(),
        ddl.text("wallet").null().take(),
        // As in the contract; `decline` is the provider's own word.
        ddl.integer("decline_code").null().take(),
        // When the action, or what is authorised, expires.
        ddl.integer("expire_time").null().take(),
        ddl.text("provider").null().take(),
        ddl.text("provider_reference").null().take(),
    ];
    for column in columns {
        ddl.alter(Table::alter().table("payments").add_column(column));
    }
    ddl.run("UPDATE payments SET cancellation = 1 WHERE state = 7");
    ddl.run(&decline_codes("payments"));
    // Who waits now has a quarter of an hour from the last change.
    ddl.run("UPDATE payments SET expire_time = update_time + 900000000 WHERE state = 3");
    ddl.run("UPDATE payments SET provider = 'simulator' WHERE attempts > 0");
}

fn more_of_refunds(ddl: &mut Ddl) {
    let columns = [
        ddl.integer("decline_code").null().take(),
        ddl.text("decline").null().take(),
        ddl.integer("is_retryable").default(0).take(),
    ];
    for column in columns {
        ddl.alter(Table::alter().table("refunds").add_column(column));
    }
    ddl.run(
        "UPDATE refunds SET decline = (SELECT a.decline FROM attempts a \
         WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number), \
         is_retryable = (SELECT a.is_retryable FROM attempts a \
         WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number) \
         WHERE state = 3",
    );
    ddl.run(&decline_codes("refunds"));
}

/// Translates the words of the simulator, the only provider until now.
fn decline_codes(table: &str) -> String {
    format!(
        "UPDATE {table} SET decline_code = CASE decline \
         WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 \
         WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 \
         WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END \
         WHERE decline IS NOT NULL"
    )
}

/// The id of a capture that was made under a request id: the orders service asks for the one
/// capture of an order under the id of its payment, and any other gets an id of its own.
fn capture_id(other: &str) -> String {
    format!(
        "CASE WHEN request_id IS NULL THEN NULL \
         WHEN request_id LIKE 'order%/capture' THEN payment_id ELSE {other} END"
    )
}

/// SQLite changes a CHECK by making the table again.
fn attempts_again(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("attempts_again")
            .col(ddl.bytes("payment_id"))
            .col(ddl.integer("attempt_number").check(Expr::col("attempt_number").gte(1)))
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 10)))
            // 1 calling, 2 unknown, 3 ledger due, 4 succeeded, 5 declined, 6 action required,
            // 7 superseded, 8 reversed.
            .col(ddl.integer("stage").check(Expr::col("stage").between(1, 8)))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gte(0)))
            .col(ddl.integer("rest_minor").check(Expr::col("rest_minor").gte(0)))
            .col(ddl.bytes("hold_id").null())
            .col(ddl.integer("makes_hold"))
            // Of a capture: its id, and the amount of the request.
            .col(ddl.bytes("capture_id").null())
            .col(ddl.integer("asked_minor").null())
            .col(ddl.integer("is_final"))
            .col(ddl.bytes("refund_id").null())
            // Of a reversal: the number of the attempt that the provider took back.
            .col(ddl.integer("reverses").null())
            .col(ddl.integer("fee_minor").default(0))
            .col(ddl.integer("decline_code").null())
            .col(ddl.text("decline").null())
            .col(ddl.integer("is_retryable").default(0))
            .col(ddl.integer("tries").default(0))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("effective_time"))
            .foreign_key(ForeignKey::create().from_col("payment_id").to("payments", "payment_id"))
            .primary_key(Index::create().col("payment_id").col("attempt_number")),
    );
    ddl.run(&format!(
        "INSERT INTO attempts_again SELECT payment_id, attempt_number, kind, stage, amount_minor, \
         rest_minor, hold_id, makes_hold, {}, asked_minor, is_final, refund_id, NULL, fee_minor, \
         NULL, decline, is_retryable, tries, create_time, effective_time FROM attempts",
        capture_id("randomblob(16)")
    ));
    ddl.run("DROP TABLE attempts");
    ddl.run("ALTER TABLE attempts_again RENAME TO attempts");
    ddl.run(&decline_codes("attempts"));
    ddl.refuse_on_sqlite(
        "attempts_are_not_deleted",
        "DELETE ON attempts",
        "attempts are kept for ever",
    );
}

fn change_attempts(ddl: &mut Ddl) {
    for (column, most) in [("kind", 10), ("stage", 8)] {
        ddl.run(&format!("ALTER TABLE attempts DROP CONSTRAINT attempts_{column}_check"));
        ddl.run(&format!(
            "ALTER TABLE attempts ADD CONSTRAINT attempts_{column}_check \
             CHECK ({column} BETWEEN 1 AND {most})"
        ));
    }
    let columns = [
        ddl.bytes("capture_id").null().take(),
        ddl.integer("reverses").null().take(),
        ddl.integer("decline_code").null().take(),
    ];
    for column in columns {
        ddl.alter(Table::alter().table("attempts").add_column(column));
    }
    let other = "decode(md5(encode(payment_id, 'hex') || request_id), 'hex')";
    ddl.run(&format!("UPDATE attempts SET capture_id = {}", capture_id(other)));
    ddl.run("ALTER TABLE attempts DROP COLUMN request_id");
    ddl.run(&decline_codes("attempts"));
}

fn attempts_with_captures(ddl: &mut Ddl) {
    let is_capture = || Expr::col("capture_id").is_not_null();
    let index = |name: &'static str| Index::create().name(name).table("attempts").to_owned();
    ddl.index(index("captures").unique().col("capture_id").and_where(is_capture()));
    ddl.index(
        index("captures_by_time").col("create_time").col("capture_id").and_where(is_capture()),
    );
}

/// What lists find and sort by.
fn lists(ddl: &mut Ddl) {
    let payments = |name: &'static str| Index::create().name(name).table("payments").to_owned();
    ddl.index(payments("payments_by_time").col("create_time").col("payment_id"));
    // The few that are not over yet; a list of others reads along their times.
    ddl.index(
        payments("payments_by_state")
            .col("state")
            .col("create_time")
            .col("payment_id")
            .and_where(Expr::col("state").lt(6)),
    );
    ddl.index(
        payments("payments_of_customer").col("customer_id").col("create_time").col("payment_id"),
    );
    ddl.index(payments("payments_of_order").col("order_id").col("create_time").col("payment_id"));
    ddl.index(
        payments("payments_by_reference")
            .col("reference")
            .col("create_time")
            .col("payment_id")
            .and_where(Expr::col("reference").ne("")),
    );
    ddl.index(payments("payments_at_provider").col("provider_reference"));
    ddl.index(
        payments("payments_expire")
            .col("expire_time")
            .and_where(Expr::col("expire_time").is_not_null()),
    );
    let refunds = |name: &'static str| Index::create().name(name).table("refunds").to_owned();
    ddl.index(refunds("refunds_by_time").col("create_time").col("refund_id"));
    ddl.index(refunds("refunds_by_state").col("state").col("create_time").col("refund_id"));
}

/// Customers get ids, and guests can be claimed.
fn customers(ddl: &mut Ddl) {
    ddl.rewrite("payments", "customer_id", "customer_of_user", customer_of_user);
    ddl.create_without_rowid(
        Table::create()
            .table("claimed_guests")
            .col(ddl.bytes("guest_customer_id").primary_key())
            .col(ddl.bytes("customer_id"))
            // When payments of the guest are looked for; NULL once there can be no more.
            .col(ddl.integer("due_time").null())
            .col(ddl.integer("create_time")),
    );
    ddl.index(
        Index::create()
            .name("claimed_guests_due")
            .table("claimed_guests")
            .col("due_time")
            .and_where(Expr::col("due_time").is_not_null()),
    );
}

/// Who asked for an attempt; nobody knows it of earlier ones.
fn actors(ddl: &mut Ddl) {
    let actor = ddl.text("actor").default("").take();
    ddl.alter(Table::alter().table("attempts").add_column(actor));
}

/// Returns the id of the customer whom earlier programs called by the name of a user.
fn customer_of_user(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    souk_contract::customer_of(&format!("user:{name}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
