//! The migrations, on both engines.

use sea_orm::sea_query::{Expr, Index, Table};
use souk_data::{Ddl, Migration, Schema};

/// All migrations.
pub const SCHEMA: Schema = Schema {
    name: "{{name}}",
    migrations: &[Migration { version: 1, name: "entries", up: entries, earlier_checksums: &[] }],
};

fn entries(ddl: &mut Ddl) {
    // Rows never change and are never deleted; the number is the order in which they were stored.
    ddl.create(
        Table::create()
            .table("entry")
            .col(ddl.number("number"))
            .col(ddl.bytes("entry_id").unique_key().check(Expr::cust("length(entry_id) = 16")))
            .col(ddl.bytes("customer_id").check(Expr::cust("length(customer_id) = 16")))
            .col(ddl.text("text"))
            .col(ddl.integer("create_time")),
    );

    ddl.index(Index::create().name("entry_of_customer").table("entry").col("customer_id").col("number"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
