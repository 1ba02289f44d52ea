//! The tables that every database has: idempotency records, outbox, inbox, keys, operations, and
//! whose database it is.

use sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Index, Table};

use crate::{Ddl, Engine, Migration, Schema};

/// The tables of this library and how they came to be. [`Db::open`](crate::Db::open) makes them
/// beside those of the service.
pub(crate) const OWN_TABLES: Schema = Schema {
    name: "souk-data",
    migrations: &[
        Migration {
            version: 1,
            name: "requests, outbox, inbox, keys",
            up: tables,
            earlier_checksums: &[
                "0d092c365ccb20e371f98d4af1409f3c566fe744acd35dd2fffbb729e76cceab",
                "478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504",
            ],
        },
        Migration {
            version: 2,
            name: "relay",
            up: relay,
            earlier_checksums: &[
                "efe10f53384f1fde2470d222676805cd4145725f91c1f8255d2f00fb2a4af2d8",
                "616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43",
            ],
        },
        Migration {
            version: 3,
            name: "shop",
            up: shop,
            earlier_checksums: &[
                "1cf9520cf077059b44f48518cbe149646871f295835a3b5a06ab82ddd1e85d3d",
                "141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989",
            ],
        },
        Migration { version: 4, name: "operations", up: operations, earlier_checksums: &[] },
    ],
};

/// Makes the table of the migrations that were applied, unless it is there.
pub(crate) fn applied_migrations(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_migrations")
            .if_not_exists()
            .col(ddl.text("schema_name"))
            .col(ddl.integer("version"))
            .col(ddl.text("name"))
            .col(ddl.text("checksum"))
            .col(ddl.integer("applied_time"))
            .primary_key(Index::create().col("schema_name").col("version")),
    );
}

fn tables(ddl: &mut Ddl) {
    souk_requests(ddl);
    souk_outbox(ddl);
    souk_inbox(ddl);
    souk_keys(ddl);
    refuse_change(ddl);
}

/// Idempotency records: the response of each repeatable write, kept for some days.
fn souk_requests(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_requests")
            .col(ddl.number("seq"))
            .col(ddl.text("caller"))
            .col(ddl.text("method"))
            .col(ddl.text("request_id"))
            .col(ddl.bytes("body_hash"))
            .col(ddl.bytes("response"))
            .col(ddl.integer("created_time"))
            .index(Index::create().unique().col("caller").col("method").col("request_id")),
    );
}

/// Events that wait to be published, written in the same transaction as the change.
fn souk_outbox(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_outbox")
            .col(ddl.number("seq"))
            .col(ddl.bytes("event_id"))
            .col(ddl.text("kind"))
            .col(ddl.text("subject"))
            .col(ddl.bytes("payload"))
            .col(ddl.integer("created_time")),
    );
}

/// Events that were handled, so that a second delivery has no effect.
fn souk_inbox(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_inbox")
            .col(ddl.number("seq"))
            .col(ddl.text("consumer"))
            .col(ddl.bytes("event_id"))
            .col(ddl.integer("created_time"))
            .index(Index::create().unique().col("consumer").col("event_id")),
    );
}

/// Keys that all replicas and all restarts share; `page` signs page tokens. The name was not
/// declared NOT NULL, which only SQLite notices.
fn souk_keys(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_keys")
            .col(ColumnDef::new("name").text().primary_key())
            .col(ddl.bytes("secret")),
    );
    ddl.on(Engine::Sqlite, "INSERT INTO souk_keys (name, secret) VALUES ('page', randomblob(32))");
    ddl.on(
        Engine::Postgres,
        "INSERT INTO souk_keys (name, secret) \
         VALUES ('page', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))",
    );
}

/// What the triggers of append-only tables call; a trigger of SQLite has the message itself.
fn refuse_change(ddl: &mut Ddl) {
    ddl.on(
        Engine::Postgres,
        "CREATE FUNCTION souk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$",
    );
}

fn relay(ddl: &mut Ddl) {
    // The trace that an event belongs to, and why the bus refused it for good, if it did.
    for column in ["traceparent", "refused"] {
        ddl.alter(Table::alter().table("souk_outbox").add_column(ddl.text(column).null()));
    }

    // Which replica empties the outbox, so that events of one key leave in order. A SQLite file has
    // one process.
    ddl.on(
        Engine::Postgres,
        "CREATE TABLE souk_relay (name text PRIMARY KEY, owner text NOT NULL, \
         until_time bigint NOT NULL)",
    );
    ddl.on(
        Engine::Postgres,
        "INSERT INTO souk_relay (name, owner, until_time) VALUES ('outbox', '', 0)",
    );

    // Microseconds since 1970 by the clock of the database, which all replicas share.
    ddl.on(
        Engine::Postgres,
        "CREATE FUNCTION souk_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint
$$",
    );
}

fn shop(ddl: &mut Ddl) {
    // Whose database this is, and how far it has come: compared with the data folder's shop.json at
    // every start.
    ddl.create(
        Table::create()
            .table("souk_shop")
            .col(ColumnDef::new("one").big_integer().primary_key().check(Expr::col("one").eq(1)))
            .col(ddl.text("shop"))
            .col(ddl.integer("epoch"))
            .col(ddl.bytes("reserve").null()),
    );
    ddl.run("INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0)");
}

/// Work that goes on after the call that started it.
fn operations(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("souk_operations")
            .col(ddl.bytes("operation_id").primary_key())
            .col(ddl.text("method"))
            .col(ddl.text("caller"))
            .col(ddl.text("request_id"))
            .col(ddl.bytes("request_hash"))
            .col(ddl.integer("position"))
            .col(ddl.bytes("metadata"))
            .col(ddl.bytes("response").null())
            .col(ddl.bytes("error").null())
            .col(ddl.integer("cancel_time").null())
            .col(ddl.integer("done_time").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time"))
            .index(Index::create().unique().col("caller").col("method").col("request_id")),
    );
    let indexes: [(&str, &[&str]); 3] = [
        // What is to be worked on.
        ("souk_operations_open", &["method", "done_time", "operation_id"]),
        // What a caller may see.
        ("souk_operations_by_method", &["method", "operation_id"]),
        // What has been kept for long enough.
        ("souk_operations_by_end", &["done_time"]),
    ];
    for (name, columns) in indexes {
        let mut index = Index::create();
        index.name(name).table("souk_operations");
        for column in columns {
            index.col(*column);
        }
        ddl.index(&index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        OWN_TABLES.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
