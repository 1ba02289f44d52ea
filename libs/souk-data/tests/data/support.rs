//! A database for each test, its schema, and what several tests do with it.

use std::future::Future;
use std::thread;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Table};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection};
use souk_data::{
    DataConfig, Db, Ddl, Engine, Error, Isolation, Migration, Reader, Schema, Tx, args,
};
use souk_types::{Clock, Timestamp};
use tempfile::TempDir;

pub const SCHEMA: Schema = Schema {
    name: "proving",
    migrations: &[Migration {
        version: 1,
        name: "tables to prove things on",
        up: tables,
        earlier_checksums: &[],
    }],
};

fn tables(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("items")
            .col(ddl.integer("id").primary_key())
            .col(ddl.integer("number"))
            .col(ddl.text("name"))
            .col(ddl.bytes("data"))
            .col(ddl.integer("maybe_number").null())
            .col(ddl.text("maybe_name").null())
            .col(ddl.bytes("maybe_data").null()),
    );
    ddl.create(
        Table::create()
            .table("orders")
            .col(ddl.bytes("id").primary_key())
            .col(ddl.bytes("event_id").null())
            .col(ddl.integer("placed_time"))
            .col(ddl.integer("paid_time").null())
            .col(ddl.integer("mood"))
            .col(ddl.integer("mood_before").null()),
    );
    ddl.create(
        Table::create()
            .table("counters")
            .col(ddl.integer("id").primary_key())
            .col(ddl.integer("value").check(Expr::col("value").gte(0))),
    );
    // The builder knows no constraint that waits for the commit.
    let reference = "REFERENCES counters (id) DEFERRABLE INITIALLY DEFERRED";
    ddl.create(
        Table::create()
            .table("children")
            .col(ddl.integer("id").primary_key())
            .col(ddl.integer("parent").extra(reference)),
    );
    ddl.create(
        Table::create()
            .table("lists")
            .col(ddl.integer("id").primary_key())
            .col(ddl.text("elements")),
    );
    ddl.create(
        Table::create().table("diary").col(ddl.integer("id").primary_key()).col(ddl.text("line")),
    );
    ddl.append_only("diary");
}

/// Makes two tests of one: `sqlite` and `postgres`, in a module of the given name.
macro_rules! on_each_engine {
    ($(async fn $name:ident($test:ident: TestDb) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn check($test: &crate::support::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                check(&crate::support::TestDb::new(souk_data::Engine::Sqlite).await.unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                if let Some(test) = crate::support::TestDb::new(souk_data::Engine::Postgres).await {
                    check(&test).await;
                }
            }
        }
    )*};
}
pub(crate) use on_each_engine;

/// A database of the test's own, which goes away with it.
pub struct TestDb {
    pub config: DataConfig,
    pub folder: TempDir,
    pub clock: Clock,
    server: Option<(String, String)>,
}

impl TestDb {
    /// None when there is no PostgreSQL to test on, which in CI is a failure.
    pub async fn new(engine: Engine) -> Option<TestDb> {
        souk_data::check_plans();
        let folder = TempDir::new().unwrap();
        let clock = Clock::manual(Timestamp::from_micros(1_600_000_000_000_000));
        if engine == Engine::Sqlite {
            return Some(TestDb {
                config: DataConfig::new("sqlite:test.db"),
                folder,
                clock,
                server: None,
            });
        }
        let Ok(server) = std::env::var("SOUK_TEST_POSTGRES_URL") else {
            assert!(std::env::var("CI").is_err(), "CI must have SOUK_TEST_POSTGRES_URL");
            eprintln!("skipped: SOUK_TEST_POSTGRES_URL is not set");
            return None;
        };
        let name = format!("souk_data_{:x}", rand::random::<u64>());
        on_server(&server, format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        let config = DataConfig::new(format!("{base}/{name}"));
        Some(TestDb { config, folder, clock, server: Some((server, name)) })
    }

    pub async fn open(&self) -> Db {
        self.try_open(&SCHEMA).await.unwrap()
    }

    /// Opens it with another setting of `data.outbox_days`.
    pub async fn open_keeping_events(&self, outbox_days: u32) -> Db {
        let config = DataConfig { outbox_days, ..self.config.clone() };
        Db::open(&config, self.folder.path(), &SCHEMA, self.clock.clone()).await.unwrap()
    }

    pub async fn try_open(&self, schema: &Schema) -> Result<Db, Error> {
        Db::open(&self.config, self.folder.path(), schema, self.clock.clone()).await
    }

    /// Runs a statement as the server's administrator, on this test's database.
    pub async fn as_admin(&self, sql: &str) {
        on_server(&self.config.url, sql.to_owned()).await;
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        let dropped = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        let _ = dropped.join();
    }
}

async fn on_server(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub async fn add_counter(db: &Db, id: i64, value: i64) -> Result<(), Error> {
    db.write(Isolation::Serializable, (id, value), insert_counter).await
}

async fn insert_counter(tx: &Tx, &(id, value): &(i64, i64)) -> Result<(), Error> {
    tx.execute("INSERT INTO counters (id, value) VALUES ($1, $2)", args![id, value]).await?;
    Ok(())
}

/// Adds an item with that many bytes of data.
pub async fn add_item(db: &Db, id: i64, size: usize) -> Result<(), Error> {
    db.write(Isolation::Serializable, (id, size), insert_item).await
}

async fn insert_item(tx: &Tx, &(id, size): &(i64, usize)) -> Result<(), Error> {
    let sql = "INSERT INTO items (id, number, name, data) VALUES ($1, 0, '', $2)";
    tx.execute(sql, args![id, vec![1u8; size]]).await?;
    Ok(())
}

/// Runs one statement as a write of its own.
pub async fn execute(db: &Db, sql: &'static str) -> Result<u64, Error> {
    db.write(Isolation::Serializable, sql, async |tx: &Tx, sql: &&'static str| {
        tx.execute(sql, &[]).await
    })
    .await
}

/// A write that moves 1 from counter 1 to counter 2.
pub async fn move_one(tx: &Tx, (): &()) -> Result<u64, Error> {
    tx.execute("UPDATE counters SET value = value - 1 WHERE id = 1", &[]).await?;
    tx.execute("UPDATE counters SET value = value + 1 WHERE id = 2", &[]).await
}

pub async fn counter(reader: &Reader, id: i64) -> Option<i64> {
    let row =
        reader.query_row("SELECT value FROM counters WHERE id = $1", args![id]).await.unwrap();
    row.map(|row| row.get("value").unwrap())
}

pub async fn count(db: &Db, table: &str) -> i64 {
    let row =
        db.read().query_row(&format!("SELECT count(*) AS n FROM {table}"), &[]).await.unwrap();
    row.unwrap().get("n").unwrap()
}

/// Waits until `check` holds, at most ten seconds.
pub async fn until<Fut: Future<Output = bool>>(what: &str, check: impl Fn() -> Fut) {
    for _ in 0..1000 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}
