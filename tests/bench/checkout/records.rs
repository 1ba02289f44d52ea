//! The databases of the shop, looked at beside it, and one of no shop that holds as many rows.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, params};
use souk_tests::bench::Latencies;

const PAID: i64 = souk_client::orders::v1::OrderState::Paid as i64;

/// Reads the files of a running shop.
pub struct Records {
    files: Vec<PathBuf>,
    orders: Mutex<Connection>,
}

impl Records {
    /// Opens the files in a shop's folder.
    pub fn of(folder: &Path) -> Records {
        let entries = std::fs::read_dir(folder).expect("the shop has a folder");
        let paths = entries.map(|entry| entry.expect("a folder can be read").path());
        let files = paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
            .collect();
        Records { files, orders: Mutex::new(open(&folder.join("orders.db"))) }
    }

    /// Counts orders.
    pub fn orders(&self) -> u64 {
        self.count("SELECT count(*) FROM orders")
    }

    /// Counts orders that are PAID.
    pub fn paid(&self) -> u64 {
        self.count(&format!("SELECT count(*) FROM orders WHERE state = {PAID}"))
    }

    /// Counts orders on which something is still to be done.
    pub fn under_way(&self) -> u64 {
        self.count("SELECT count(*) FROM sagas WHERE state = 1")
    }

    /// Returns how long the latest orders took from their creation until they were PAID.
    pub fn latest_paid(&self, count: usize) -> Latencies {
        let connection = self.orders.lock().expect("nobody panics");
        let mut query = connection
            .prepare("SELECT update_time - create_time FROM orders WHERE state = ? ORDER BY order_id DESC LIMIT ?")
            .expect("the table exists");
        let times = query
            .query_map(params![PAID, count as i64], |row| row.get::<_, i64>(0))
            .expect("two parameters");
        let times =
            times.map(|time| Duration::from_micros(time.expect("a whole number").unsigned_abs()));
        Latencies::new(times.collect())
    }

    /// Counts the rows of all tables of all services.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| rows_of(&open(file))).sum()
    }

    fn count(&self, query: &str) -> u64 {
        let connection = self.orders.lock().expect("nobody panics");
        let count: i64 =
            connection.query_row(query, [], |row| row.get(0)).expect("the table exists");
        count.unsigned_abs()
    }
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

/// One file, one table, one writer: a durable transaction an order.
pub struct Baseline {
    connection: Arc<Mutex<Connection>>,
    rows: u64,
}

impl Baseline {
    /// Creates the file for transactions of so many rows.
    pub fn create(path: &Path, rows: u64) -> Baseline {
        let connection = Connection::open(path).expect("a file can be created");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE row (number INTEGER PRIMARY KEY, order_number INTEGER NOT NULL, text TEXT NOT NULL) STRICT;",
            )
            .expect("a table can be created");
        Baseline { connection: Arc::new(Mutex::new(connection)), rows }
    }

    /// Writes transactions one after the other and returns how many a second.
    pub async fn write(&self, duration: Duration) -> f64 {
        let connection = self.connection.clone();
        let rows = self.rows;
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
}

fn write_order(connection: &mut Connection, order: u32, rows: u64) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO row (order_number, text) VALUES (?, ?)")?;
    let text = "x".repeat(80);
    for _row in 0..rows {
        insert.execute(params![order, text])?;
    }
    drop(insert);
    transaction.commit()
}
