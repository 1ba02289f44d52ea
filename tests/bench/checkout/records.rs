//! The databases of the shop, looked at beside it, and one of no shop that holds as many rows.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, params};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use souk_tests::bench::Latencies;

const PAID: i64 = souk_client::orders::v1::PaymentStatus::Paid as i64;

/// How many connections write the baseline on PostgreSQL: enough that one commit waits for the disk
/// while others prepare theirs.
const BASELINE_CONNECTIONS: u32 = 16;

/// What one row of the baseline holds in addition to its number.
const TEXT_BYTES: usize = 80;

/// Reads the databases of a running shop.
pub enum Records {
    Sqlite { files: Vec<PathBuf>, orders: Mutex<Connection> },
    Postgres { databases: Vec<PgPool>, orders: PgPool },
}

impl Records {
    /// Opens the files in a shop's folder.
    pub fn in_folder(folder: &Path) -> Records {
        let entries = std::fs::read_dir(folder).expect("the shop has a folder");
        let paths = entries.map(|entry| entry.expect("a folder can be read").path());
        let files = paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
            .collect();
        Records::Sqlite { files, orders: Mutex::new(open(&folder.join("orders.db"))) }
    }

    /// Connects to the databases of a shop, the orders' and the others.
    pub async fn at(orders: &str, others: &[&str]) -> Records {
        let orders = connect(orders, 1).await;
        let mut databases = vec![orders.clone()];
        for url in others {
            databases.push(connect(url, 1).await);
        }
        Records::Postgres { databases, orders }
    }

    /// Counts orders.
    pub async fn orders(&self) -> u64 {
        self.count("SELECT count(*) FROM orders").await
    }

    /// Counts orders that are PAID.
    pub async fn paid(&self) -> u64 {
        self.count(&format!("SELECT count(*) FROM orders WHERE payment_status = {PAID}")).await
    }

    /// Counts orders on which something is still to be done.
    pub async fn under_way(&self) -> u64 {
        self.count("SELECT count(*) FROM sagas WHERE state = 1").await
    }

    /// Returns how long the latest orders took from their creation until they were PAID.
    pub async fn latest_paid(&self, count: usize) -> Latencies {
        let query = format!(
            "SELECT update_time - create_time FROM orders WHERE payment_status = {PAID} \
             ORDER BY order_id DESC LIMIT {count}"
        );
        let times = self.numbers(&query).await.into_iter();
        Latencies::new(times.map(|time| Duration::from_micros(time.unsigned_abs())).collect())
    }

    /// Counts the rows of all tables of all services.
    pub async fn rows(&self) -> u64 {
        match self {
            Records::Sqlite { files, .. } => files.iter().map(|file| rows_of(&open(file))).sum(),
            Records::Postgres { databases, .. } => {
                let mut rows = 0;
                for database in databases {
                    rows += rows_at(database).await;
                }
                rows
            }
        }
    }

    async fn count(&self, query: &str) -> u64 {
        self.numbers(query).await[0].unsigned_abs()
    }

    async fn numbers(&self, query: &str) -> Vec<i64> {
        match self {
            Records::Sqlite { orders, .. } => {
                let connection = orders.lock().expect("no reader panics");
                let mut query = connection.prepare(query).expect("the table exists");
                let numbers = query.query_map([], |row| row.get(0)).expect("no parameters");
                numbers.map(|number| number.expect("a whole number")).collect()
            }
            Records::Postgres { orders, .. } => numbers(orders, query).await,
        }
    }
}

async fn connect(url: &str, connections: u32) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(connections);
    pool.connect(url).await.expect("PostgreSQL answers")
}

async fn numbers(pool: &PgPool, query: &str) -> Vec<i64> {
    let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned()));
    query.fetch_all(pool).await.expect("the table exists")
}

async fn rows_at(database: &PgPool) -> u64 {
    let names = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    );
    let names: Vec<String> = names.fetch_all(database).await.expect("every database has a schema");
    let mut rows = 0;
    for name in names {
        rows += numbers(database, &format!("SELECT count(*) FROM \"{name}\"")).await[0];
    }
    rows.unsigned_abs()
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the file is there");
    connection.busy_timeout(Duration::from_secs(5)).expect("SQLite can wait");
    connection
}

fn rows_of(connection: &Connection) -> u64 {
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("every file has a schema");
    let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("no parameters");
    let count = |name: String| {
        let query = format!("SELECT count(*) FROM \"{name}\"");
        connection
            .query_row(&query, [], |row| row.get::<_, i64>(0))
            .expect("the table exists")
            .unsigned_abs()
    };
    names.map(|name| count(name.expect("a name"))).sum()
}

/// One table: a durable transaction an order, of as many rows as the shop writes for one.
pub enum Baseline {
    /// One file and one writer.
    Sqlite { connection: Arc<Mutex<Connection>>, rows: u64 },
    /// One statement an order, over several connections.
    Postgres { pool: PgPool, rows: u64 },
}

impl Baseline {
    /// Creates the file for transactions of this many rows.
    pub fn in_file(path: &Path, rows: u64) -> Baseline {
        let connection = Connection::open(path).expect("a file can be created");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE row (number INTEGER PRIMARY KEY, order_number INTEGER NOT NULL, text TEXT NOT NULL) STRICT;",
            )
            .expect("a table can be created");
        Baseline::Sqlite { connection: Arc::new(Mutex::new(connection)), rows }
    }

    /// Creates the table in an empty database.
    pub async fn at(url: &str, rows: u64) -> Baseline {
        let pool = connect(url, BASELINE_CONNECTIONS).await;
        sqlx::raw_sql(
            "CREATE TABLE row (number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
             order_number BIGINT NOT NULL, text TEXT NOT NULL)",
        )
        .execute(&pool)
        .await
        .expect("a table can be created");
        Baseline::Postgres { pool, rows }
    }

    /// Says what it measures.
    pub fn title(&self) -> String {
        match self {
            Baseline::Sqlite { .. } => "rusqlite, the rows of one order a transaction".to_owned(),
            Baseline::Postgres { .. } => {
                format!("sqlx, the same, a statement each, {BASELINE_CONNECTIONS} connections")
            }
        }
    }

    /// Writes orders and returns how many a second.
    pub async fn write(&self, duration: Duration) -> f64 {
        match self {
            Baseline::Sqlite { connection, rows } => {
                write_file(connection.clone(), *rows, duration).await
            }
            Baseline::Postgres { pool, rows } => {
                let started = Instant::now();
                let writers = (0..BASELINE_CONNECTIONS).map(|_| async {
                    let mut orders = 0_u32;
                    while started.elapsed() < duration {
                        insert_order(pool, orders, *rows).await;
                        orders += 1;
                    }
                    orders
                });
                let orders: u32 = futures_util::future::join_all(writers).await.iter().sum();
                f64::from(orders) / started.elapsed().as_secs_f64()
            }
        }
    }
}

async fn insert_order(pool: &PgPool, order: u32, rows: u64) {
    sqlx::query("INSERT INTO row (order_number, text) SELECT $1, $2 FROM generate_series(1, $3)")
        .bind(i64::from(order))
        .bind("x".repeat(TEXT_BYTES))
        .bind(rows as i64)
        .execute(pool)
        .await
        .expect("rows are inserted");
}

async fn write_file(connection: Arc<Mutex<Connection>>, rows: u64, duration: Duration) -> f64 {
    let write = move || {
        let connection = &mut *connection.lock().expect("no writer panics");
        let started = Instant::now();
        let mut orders = 0_u32;
        while started.elapsed() < duration {
            write_order(connection, orders, rows).expect("rows are inserted");
            orders += 1;
        }
        f64::from(orders) / started.elapsed().as_secs_f64()
    };
    tokio::task::spawn_blocking(write).await.expect("no writer panics")
}

fn write_order(connection: &mut Connection, order: u32, rows: u64) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO row (order_number, text) VALUES (?, ?)")?;
    let text = "x".repeat(TEXT_BYTES);
    for _row in 0..rows {
        insert.execute(params![order, text])?;
    }
    drop(insert);
    transaction.commit()
}
