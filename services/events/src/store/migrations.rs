//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{
    Expr, ExprTrait, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, Table,
};
use souk_data::{Ddl, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "events",
    migrations: &[
        Migration {
            version: 1,
            name: "events",
            up: tables,
            earlier_checksums: &[
                "a7e4e0c4811a777d2401fe81fa1c73aa7fe7b2f9a57596ce4f8c7131b45ca27b",
                "f3e24a52a8e1da5463ce1752ed2c4654b4a19e3be9dedab1d10cabc19050b2a5",
            ],
        },
        Migration { version: 2, name: "pull", up: pull, earlier_checksums: &[] },
    ],
};

fn tables(ddl: &mut Ddl) {
    log_partition(ddl);
    log_event(ddl);
    subscription(ddl);
    place(ddl);
    reader(ddl);
    retry(ddl);
    dead_letter(ddl);
}

/// The log of the engine "database". The row of a partition counts its offsets; a write that
/// appends to the partition locks it.
fn log_partition(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("log_partition")
            .col(ddl.integer("partition").primary_key())
            .col(ddl.integer("first_offset"))
            .col(ddl.integer("next_offset"))
            .col(ddl.integer("last_time"))
            .check(Expr::cust("0 <= first_offset AND first_offset <= next_offset")),
    );
    ddl.leave_space_for_updates("log_partition");
}

/// The events as encoded messages, in the order in which they were appended; the key finds those
/// of a partition.
fn log_event(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("log_event")
            .col(ddl.integer("partition"))
            .col(ddl.integer("log_offset"))
            .col(ddl.integer("publish_time"))
            .col(ddl.bytes("event"))
            .primary_key(Index::create().col("partition").col("log_offset")),
    );
}

/// Who consumes which events. Other rows refer to the number, so it is never used again.
fn subscription(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("subscription")
            .col(ddl.number_used_once("number"))
            .col(ddl.key_text("name").unique_key())
            .col(ddl.text("owner"))
            .col(ddl.text("event_types"))
            .col(ddl.integer("ack_deadline"))
            .col(ddl.integer("max_attempts"))
            .col(ddl.integer("min_retry_delay"))
            .col(ddl.integer("max_retry_delay"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("revision")),
    );
}

/// The position of a subscription in a partition, and the replica that holds its lease. The
/// epoch grows whenever the holder changes, and guards every write to this row and to what
/// belongs to it.
fn place(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("place")
            .col(ddl.integer("subscription"))
            .col(ddl.integer("partition"))
            .col(ddl.integer("next_offset"))
            .col(ddl.bytes("finished"))
            .col(ddl.text("owner"))
            .col(ddl.integer("epoch"))
            .col(ddl.integer("lease_until"))
            .foreign_key(&mut of_subscription())
            .primary_key(Index::create().col("subscription").col("partition")),
    );
    ddl.leave_space_for_updates("place");
}

/// The replicas that have consumers of a subscription, to share its partitions among them.
fn reader(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("reader")
            .col(ddl.integer("subscription"))
            .col(ddl.key_text("replica"))
            .col(ddl.integer("until"))
            .foreign_key(&mut of_subscription())
            .primary_key(Index::create().col("subscription").col("replica")),
    );
}

/// Events that failed and wait to be delivered again.
fn retry(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("retry")
            .col(ddl.integer("subscription"))
            .col(ddl.integer("partition"))
            .col(ddl.integer("log_offset"))
            .col(ddl.integer("attempts"))
            .col(ddl.integer("due_time"))
            .foreign_key(&mut of_subscription())
            .primary_key(Index::create().col("subscription").col("partition").col("log_offset")),
    );
}

/// Events that a subscription could not finish; with the event, since the log forgets it. State
/// 1: dead, 2: to be delivered again, 3: handled after that; it is kept for a while, without the
/// event, so that requeuing it again changes nothing.
fn dead_letter(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("dead_letter")
            .col(ddl.integer("subscription"))
            .col(ddl.integer("partition"))
            .col(ddl.integer("log_offset"))
            .col(ddl.integer("publish_time"))
            .col(ddl.bytes("event"))
            .col(ddl.integer("attempts"))
            .col(ddl.text("reason"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("state").check(Expr::col("state").is_in([1, 2, 3])))
            .col(ddl.integer("due_time"))
            .foreign_key(&mut of_subscription())
            .primary_key(Index::create().col("subscription").col("partition").col("log_offset")),
    );

    ddl.index(
        Index::create()
            .name("dead_letter_by_age")
            .table("dead_letter")
            .col("subscription")
            .col("state")
            .col("create_time")
            .col("partition")
            .col("log_offset"),
    );
}

fn pull(ddl: &mut Ddl) {
    version(ddl);
    acknowledgement(ddl);
}

/// When the settings of a subscription were changed last, and how often plus one.
fn version(ddl: &mut Ddl) {
    for (column, default) in [("update_time", 0), ("version", 1)] {
        let column = ddl.integer(column).default(default).take();
        ddl.alter(Table::alter().table("subscription").add_column(column));
    }
    ddl.run("UPDATE subscription SET update_time = create_time");
}

/// Acknowledgements that came to a replica which does not have the lease: the replica that has it
/// fetches and deletes them.
fn acknowledgement(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("acknowledgement")
            .col(ddl.integer("subscription"))
            .col(ddl.key_text("replica"))
            .col(ddl.bytes("acknowledgement_id"))
            .col(ddl.bytes("message"))
            .col(ddl.integer("create_time"))
            .foreign_key(&mut of_subscription())
            .primary_key(
                Index::create().col("subscription").col("replica").col("acknowledgement_id"),
            ),
    );
}

/// What belongs to a subscription goes with it.
fn of_subscription() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("subscription")
        .to("subscription", "number")
        .on_delete(ForeignKeyAction::Cascade)
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
