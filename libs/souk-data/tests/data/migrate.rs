//! Migrations go forward once, and a database that is not ours is left alone.

use sea_orm::sea_query::Table;
use souk_data::{Ddl, Engine, Error, Isolation, Migration, Schema, Tx, args};

use crate::support::{SCHEMA, TestDb, add_counter, count, execute, on_each_engine};

const FIRST: Migration = SCHEMA.migrations[0];
const SECOND: Migration = Migration {
    version: 2,
    name: "more",
    up: more,
    earlier_checksums: &["of its SQL for SQLite", "of its SQL for PostgreSQL"],
};
const NEWER: Schema = Schema { name: "proving", migrations: &[FIRST, SECOND] };

fn more(ddl: &mut Ddl) {
    ddl.create(Table::create().table("more").col(ddl.integer("id").primary_key()));
    ddl.run("INSERT INTO more VALUES (1), (2)");
}

const REWRITTEN: Schema = Schema {
    name: "proving",
    migrations: &[
        FIRST,
        Migration { version: 2, name: "named", up: named, earlier_checksums: &[] },
    ],
};

fn named(ddl: &mut Ddl) {
    named_by(ddl, "in_brackets");
}

fn named_by_another(ddl: &mut Ddl) {
    named_by(ddl, "in_parentheses");
}

/// Rewrites what a statement before has stored; the statement after it adds a column.
fn named_by(ddl: &mut Ddl, function: &'static str) {
    let name = ddl.text("name").null().take();
    ddl.create(Table::create().table("named").col(ddl.integer("id").primary_key()).col(name));
    ddl.run("INSERT INTO named VALUES (1, 'it''s'), (2, 'it''s'), (3, ''), (4, NULL)");
    ddl.rewrite("named", "name", function, |name| format!("<{name}>"));
    ddl.alter(Table::alter().table("named").add_column(ddl.text("was").null()));
    ddl.run("UPDATE named SET was = replace(replace(name, '<', ''), '>', '')");
}

fn nowhere(ddl: &mut Ddl) {
    ddl.run("DELETE FROM counters");
    ddl.rewrite("nowhere", "name", "itself", str::to_owned);
}

fn problem(opened: Result<souk_data::Db, Error>) -> String {
    match opened.err() {
        Some(Error::Schema { problem, .. }) => problem.to_string(),
        other => panic!("expected a refusal of the schema, got {other:?}"),
    }
}

/// Opens with a second migration of the given SQL, the same for both engines.
macro_rules! with_second {
    ($sql:literal) => {
        Schema {
            name: "proving",
            migrations: &[
                FIRST,
                Migration {
                    version: 2,
                    name: "second",
                    up: |ddl| ddl.run($sql),
                    earlier_checksums: &[],
                },
            ],
        }
    };
}

on_each_engine! {
    async fn a_new_migration_is_applied_once_and_keeps_the_data(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 1).await.unwrap();
        drop(db);
        for _ in 0..3 {
            let db = test.try_open(&NEWER).await.unwrap();
            assert_eq!((count(&db, "counters").await, count(&db, "more").await), (1, 2));
        }
    }

    async fn a_schema_newer_than_the_program_is_refused(test: TestDb) {
        drop(test.try_open(&NEWER).await.unwrap());
        let text = problem(test.try_open(&SCHEMA).await);
        assert_eq!(text, "the database is at version 2, newer than this program's 1");
        test.try_open(&NEWER).await.unwrap();
    }

    async fn a_migration_that_was_changed_is_refused(test: TestDb) {
        drop(test.try_open(&NEWER).await.unwrap());
        let changed = with_second!("CREATE TABLE more (id INTEGER PRIMARY KEY, other INTEGER)");
        assert_eq!(problem(test.try_open(&changed).await), "migration 2 was changed after it had been applied");
    }

    async fn a_migration_recorded_under_an_earlier_checksum_is_not_applied_again(test: TestDb) {
        for checksum in SECOND.earlier_checksums {
            let db = test.try_open(&NEWER).await.unwrap();
            let recorded = async |tx: &Tx, checksum: &&str| {
                let sql = "UPDATE souk_migrations SET checksum = $1 WHERE schema_name = 'proving' AND version = 2";
                tx.execute(sql, args![*checksum]).await
            };
            assert_eq!(db.write(Isolation::Serializable, *checksum, recorded).await, Ok(1));
            drop(db);
            assert_eq!(count(&test.try_open(&NEWER).await.unwrap(), "more").await, 2);
        }
    }

    async fn a_column_is_rewritten_by_a_function_between_two_statements(test: TestDb) {
        drop(test.open().await);
        let db = test.try_open(&REWRITTEN).await.unwrap();
        let stored = "SELECT id, name, was FROM named ORDER BY id";
        let rows = db.read().query(stored, &[]).await.unwrap();
        let rows: Vec<(i64, Option<String>, Option<String>)> = rows
            .iter()
            .map(|row| (row.get("id").unwrap(), row.get("name").unwrap(), row.get("was").unwrap()))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(rows, [
            (1, text("<it's>"), text("it's")),
            (2, text("<it's>"), text("it's")),
            (3, text("<>"), text("")),
            (4, None, None),
        ]);
        drop(db);
        test.try_open(&REWRITTEN).await.unwrap();
        let other = Migration { version: 2, name: "named", up: named_by_another, earlier_checksums: &[] };
        let other = Schema { name: "proving", migrations: Box::leak(Box::new([FIRST, other])) };
        assert_eq!(problem(test.try_open(&other).await), "migration 2 was changed after it had been applied");
    }

    async fn a_rewrite_that_fails_leaves_nothing_behind(test: TestDb) {
        drop(test.open().await);
        let nowhere = Migration { version: 2, name: "second", up: nowhere, earlier_checksums: &[] };
        let nowhere = Schema { name: "proving", migrations: Box::leak(Box::new([FIRST, nowhere])) };
        assert!(problem(test.try_open(&nowhere).await).starts_with("migration 2 (second) failed"));
        test.try_open(&NEWER).await.unwrap();
    }

    async fn a_database_of_another_service_is_refused(test: TestDb) {
        drop(test.open().await);
        let other = Schema { name: "catalog", migrations: SCHEMA.migrations };
        assert_eq!(problem(test.try_open(&other).await), "the database belongs to proving");
    }

    async fn a_migration_that_fails_leaves_nothing_behind(test: TestDb) {
        drop(test.open().await);
        let broken = with_second!("DELETE FROM counters; CREATE INDEX broken ON nowhere (id);");
        assert!(problem(test.try_open(&broken).await).starts_with("migration 2 (second) failed"));
        test.try_open(&NEWER).await.unwrap();
    }

    async fn an_append_only_table_refuses_change(test: TestDb) {
        let db = test.open().await;
        execute(&db, "INSERT INTO diary (id, line) VALUES (1, 'dear diary')").await.unwrap();
        let mut attempts = vec!["UPDATE diary SET line = ''", "DELETE FROM diary"];
        match db.engine() {
            Engine::Sqlite => attempts.push("INSERT OR REPLACE INTO diary (id, line) VALUES (1, '')"),
            Engine::Postgres => attempts.push("TRUNCATE diary"),
        }
        for sql in attempts {
            match execute(&db, sql).await {
                Err(Error::ConstraintViolation(text)) => assert_eq!(&*text, "table diary is append-only"),
                other => panic!("{sql}: {other:?}"),
            }
        }
        assert_eq!(count(&db, "diary").await, 1);
    }
}

#[tokio::test]
async fn a_table_that_is_not_strict_is_refused() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let lax = with_second!("CREATE TABLE lax (id INTEGER PRIMARY KEY)");
    assert_eq!(problem(test.try_open(&lax).await), "table lax is not STRICT");
}

#[tokio::test]
async fn a_column_of_another_type_is_refused() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let float = with_second!("CREATE TABLE floats (id INTEGER PRIMARY KEY, x REAL) STRICT");
    assert!(problem(test.try_open(&float).await).starts_with("column floats.x is REAL"));
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    let float = with_second!("CREATE TABLE floats (id BIGINT PRIMARY KEY, x NUMERIC)");
    assert!(problem(test.try_open(&float).await).starts_with("column floats.x is numeric"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_start_together_migrate_once() {
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    let (first, second, third) =
        tokio::join!(test.try_open(&NEWER), test.try_open(&NEWER), test.try_open(&NEWER));
    for db in [first.unwrap(), second.unwrap(), third.unwrap()] {
        assert_eq!((count(&db, "more").await, count(&db, "souk_migrations").await), (2, 6));
    }
}
