//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{ColumnDef, ConditionalStatement, Expr, ExprTrait, Index, Table};
use souk_data::{Ddl, Engine, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "ledger",
    migrations: &[
        Migration {
            version: 1,
            name: "ledger",
            up: tables,
            earlier_checksums: &[
                "c176f22be6dd9d8f9680a35f27b4f8e1274c70a0db75ed0dc9abb13bb132f35f",
                "0c068bf70186eb741a7cc68254bfd32ab78cb5b8f2b9ec6e0a9b5952b35a2a0d",
            ],
        },
        Migration {
            version: 2,
            name: "one write after another",
            up: one_write_after_another,
            earlier_checksums: &[
                "f489f4f658fb4e5bbeeb424d92f9254b9ceb36bf51d695a33bfc49152de1a8b9",
                "61529ce4d0cc8a14d416253cab5a69b4f67c3248cd9f92ca728d44d76cf2bf5e",
            ],
        },
        Migration {
            version: 3,
            name: "ledgers and lists",
            up: ledgers_and_lists,
            earlier_checksums: &[],
        },
    ],
};

fn tables(ddl: &mut Ddl) {
    account(ddl);
    transfer(ddl);
    checkpoint(ddl);
    due(ddl);
}

fn account(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("account")
            .col(ddl.number_or_given("number"))
            .col(ddl.bytes("id").unique_key().check(Expr::cust("length(id) = 16")))
            .col(ddl.integer("ledger"))
            .col(ddl.integer("code"))
            .col(ddl.integer("flags"))
            .col(ddl.text("user_data"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("debits_pending").default(0).check(Expr::col("debits_pending").gte(0)))
            .col(ddl.integer("debits_posted").default(0).check(Expr::col("debits_posted").gte(0)))
            .col(
                ddl.integer("credits_pending")
                    .default(0)
                    .check(Expr::col("credits_pending").gte(0)),
            )
            .col(ddl.integer("credits_posted").default(0).check(Expr::col("credits_posted").gte(0)))
            .col(ddl.integer("transfer_count").default(0))
            .col(ddl.integer("last_sequence").default(0))
            .col(ddl.integer("last_time").default(0)),
    );
    ddl.leave_space_for_updates("account");

    ddl.on(
        Engine::Postgres,
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is kept for ever', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$",
    );
    let change_of_terms =
        "UPDATE OF number, id, ledger, code, flags, user_data, create_time ON account";
    ddl.refuse_on_sqlite(
        "account_keeps_its_terms",
        change_of_terms,
        "what an account was created with never changes",
    );
    ddl.refuse_on_sqlite(
        "account_is_never_deleted",
        "DELETE ON account",
        "accounts are never deleted",
    );
    ddl.refuse_on_postgres(
        "account_keeps_its_terms",
        &format!("{change_of_terms} FOR EACH STATEMENT"),
        "refuse_change",
    );
    ddl.refuse_on_postgres(
        "account_is_never_deleted",
        "DELETE OR TRUNCATE ON account FOR EACH STATEMENT",
        "refuse_change",
    );
}

/// The log. The history of an account is a list through it: debit_previous and credit_previous
/// name the sequence of the transfer before this one, of either account. So there is no index by
/// account, which a batch would change in thousands of places.
fn transfer(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("transfer")
            .col(ColumnDef::new("sequence").big_integer().primary_key())
            .col(ddl.bytes("id").unique_key().check(Expr::cust("length(id) = 16")))
            .col(ddl.integer("debit_account"))
            .col(ddl.integer("credit_account"))
            .col(ddl.integer("amount").check(Expr::col("amount").gte(0)))
            .col(ddl.integer("pending_amount").check(Expr::col("pending_amount").gte(0)))
            .col(ddl.bytes("pending_id").null())
            .col(ddl.text("user_data"))
            .col(ddl.integer("timeout_seconds"))
            .col(ddl.integer("ledger"))
            .col(ddl.integer("code"))
            .col(ddl.integer("kind"))
            .col(ddl.integer("linked"))
            .col(ddl.integer("effective_time").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("debit_previous"))
            .col(ddl.integer("credit_previous"))
            .check(Expr::cust("debit_account <> credit_account")),
    );

    // On PostgreSQL each batch took one value and with it the 8,192 sequences from there on, so
    // that its transfers are side by side. Migration 2 replaced it.
    ddl.on(Engine::Postgres, "CREATE SEQUENCE transfer_block INCREMENT BY 8192");

    // A pending transfer resolves exactly once.
    ddl.index(
        Index::create()
            .unique()
            .name("transfer_resolves_once")
            .table("transfer")
            .col("pending_id")
            .and_where(Expr::col("pending_id").is_not_null()),
    );

    ddl.refuse_on_sqlite(
        "transfer_never_changes",
        "UPDATE ON transfer",
        "transfers are never changed",
    );
    ddl.refuse_on_sqlite(
        "transfer_is_never_deleted",
        "DELETE ON transfer",
        "transfers are never deleted",
    );
    ddl.refuse_on_postgres(
        "transfer_never_changes",
        "UPDATE OR DELETE OR TRUNCATE ON transfer FOR EACH STATEMENT",
        "refuse_change",
    );
}

/// The balance of an account right after some of its transfers: where a search for a moment
/// begins.
fn checkpoint(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("checkpoint")
            .col(ddl.integer("account"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("sequence"))
            .col(ddl.integer("debits_pending"))
            .col(ddl.integer("debits_posted"))
            .col(ddl.integer("credits_pending"))
            .col(ddl.integer("credits_posted"))
            .primary_key(Index::create().col("account").col("create_time").col("sequence")),
    );
}

/// Pending transfers that will expire: the work list of the expiry, emptied as they resolve.
fn due(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("due")
            .col(ddl.integer("expire_time"))
            .col(ddl.bytes("pending_id"))
            .primary_key(Index::create().col("expire_time").col("pending_id")),
    );
}

fn one_write_after_another(ddl: &mut Ddl) {
    // PostgreSQL has one row that every write of transfers changes first. So writes come one after
    // another, whichever replica makes them, no account need be locked or read again that this
    // replica wrote last, and the version numbers the blocks of sequences. A SQLite file has one
    // writer.
    ddl.on(
        Engine::Postgres,
        "CREATE TABLE book (id bigint PRIMARY KEY CHECK (id = 1), version bigint NOT NULL)",
    );
    ddl.on(
        Engine::Postgres,
        "INSERT INTO book (id, version) SELECT 1, last_value / 8192 + 1 FROM transfer_block",
    );
    ddl.on(Engine::Postgres, "DROP SEQUENCE transfer_block");
}

fn ledgers_and_lists(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("ledger")
            .col(ColumnDef::new("number").big_integer().primary_key())
            .col(ddl.text("currency_code"))
            .col(ddl.integer("create_time")),
    );
    // A ledger was only a number. Payments number theirs by the currency, A to Z as digits, plus
    // one, and say it in their accounts as well; of other ledgers no currency is known.
    let letter = |divisor: u32| {
        format!(
            "substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / {divisor} % 26 + 1 AS INTEGER), 1)"
        )
    };
    let code = format!("{} || {} || {}", letter(676), letter(26), letter(1));
    ddl.run(&format!(
        "INSERT INTO ledger (number, currency_code, create_time) \
         SELECT ledger, MAX(CASE WHEN ledger <= 17576 AND user_data = {code} || ' sales' THEN {code} ELSE '' END), \
                MIN(create_time) FROM account GROUP BY ledger"
    ));
    ddl.refuse_on_sqlite("ledger_never_changes", "UPDATE ON ledger", "ledgers are never changed");
    ddl.refuse_on_sqlite(
        "ledger_is_never_deleted",
        "DELETE ON ledger",
        "ledgers are never deleted",
    );
    ddl.refuse_on_postgres(
        "ledger_never_changes",
        "UPDATE OR DELETE OR TRUNCATE ON ledger FOR EACH STATEMENT",
        "refuse_change",
    );

    for (name, columns) in [
        ("account_by_ledger", &["ledger", "number"][..]),
        ("account_by_code", &["code", "number"]),
        ("account_by_ledger_and_code", &["ledger", "code", "number"]),
    ] {
        let mut index = Index::create().name(name).table("account").take();
        for column in columns {
            index.col(*column);
        }
        ddl.index(&index);
    }
    ddl.index(
        Index::create()
            .name("account_by_user_data")
            .table("account")
            .col("user_data")
            .col("number")
            .and_where(Expr::cust("user_data <> ''")),
    );
    // Both grow at their end only, or nearly so: later transfers have later times, and what a
    // caller notes is mostly the id of something new. On SQLite the sequence is in every index.
    let by_time = "CREATE INDEX transfer_by_create_time ON transfer";
    ddl.on(Engine::Sqlite, &format!("{by_time} (create_time)"));
    ddl.on(Engine::Postgres, &format!("{by_time} (create_time, sequence)"));
    let by_user_data = "CREATE INDEX transfer_by_user_data ON transfer";
    let noted = "WHERE user_data <> ''";
    ddl.on(Engine::Sqlite, &format!("{by_user_data} (user_data, create_time) {noted}"));
    ddl.on(Engine::Postgres, &format!("{by_user_data} (user_data, create_time, sequence) {noted}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
