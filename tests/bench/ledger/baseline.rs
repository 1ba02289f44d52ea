//! The same rows in the same table, written by nothing that keeps accounts: what the databases
//! themselves can do.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use sea_orm::sqlx::{self, Connection as _, PgConnection};
use souk_types::{Clock, TransferId};
use tokio::sync::Mutex;

use super::{ACCOUNTS, source::two_of};

const INSERT: &str = "INSERT INTO transfer (sequence, id, debit_account, credit_account, amount, pending_amount, user_data, \
     timeout_seconds, ledger, code, kind, linked, create_time, debit_previous, credit_previous)";

/// A SQLite file with the ledger's tables.
pub struct File(Arc<std::sync::Mutex<(Connection, i64)>>);

impl File {
    /// Creates the file, as durable as the service's own.
    pub fn create(path: &Path) -> File {
        let connection = Connection::open(path).expect("a file can be created");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;",
            )
            .expect("SQLite knows its pragmas");
        connection
            .execute_batch(include_str!("../../../services/ledger/schema/ledger.sqlite.sql"))
            .expect("the ledger's tables can be created");
        File(Arc::new(std::sync::Mutex::new((connection, 0))))
    }

    /// Writes transactions of `size` rows one after the other and returns the rows a second.
    pub async fn write(&self, size: usize, duration: Duration) -> f64 {
        let file = self.0.clone();
        let write = move || {
            let (connection, sequence) = &mut *file.lock().expect("no writer panics");
            let started = Instant::now();
            let before = *sequence;
            while started.elapsed() < duration {
                write_once(connection, sequence, size).expect("rows are inserted");
            }
            (*sequence - before) as f64 / started.elapsed().as_secs_f64()
        };
        tokio::task::spawn_blocking(write).await.expect("no writer panics")
    }
}

fn write_once(
    connection: &mut Connection,
    sequence: &mut i64,
    size: usize,
) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let values = "VALUES (?, ?, ?, ?, ?, 0, '', 0, 1, 1, 1, 0, ?, 0, 0)";
    let mut insert = transaction.prepare_cached(&format!("{INSERT} {values}"))?;
    let now = Clock::system().now();
    for _row in 0..size {
        *sequence += 1;
        let (debit, credit) = two_of(ACCOUNTS);
        let id = TransferId::new(now);
        let amount = rand::random_range(1..1_000_i64);
        insert.execute(params![
            *sequence,
            id.as_bytes(),
            debit as i64,
            credit as i64,
            amount,
            now.as_micros()
        ])?;
    }
    drop(insert);
    transaction.commit()
}

/// A PostgreSQL database with the ledger's tables.
pub struct Unnest {
    url: String,
    connections: Mutex<Vec<PgConnection>>,
    sequence: Arc<AtomicI64>,
}

impl Unnest {
    /// Creates the tables in an empty database.
    pub async fn create(url: &str) -> Unnest {
        let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
        let tables = include_str!("../../../services/ledger/schema/ledger.postgres.sql");
        sqlx::raw_sql(tables)
            .execute(&mut connection)
            .await
            .expect("the ledger's tables can be created");
        let connections = Mutex::new(vec![connection]);
        Unnest { url: url.to_owned(), connections, sequence: Arc::default() }
    }

    /// Inserts `size` rows per statement over several connections and returns the rows per second.
    pub async fn write(&self, size: usize, connections: usize, duration: Duration) -> f64 {
        let mut open = self.connections.lock().await;
        while open.len() < connections {
            open.push(PgConnection::connect(&self.url).await.expect("PostgreSQL answers"));
        }
        let started = Instant::now();
        let before = self.sequence.load(Ordering::Relaxed);
        let writers = open.iter_mut().take(connections).map(|connection| async move {
            while started.elapsed() < duration {
                insert(connection, &self.sequence, size).await;
            }
        });
        futures_util::future::join_all(writers).await;
        let rows = self.sequence.load(Ordering::Relaxed) - before;
        rows as f64 / started.elapsed().as_secs_f64()
    }
}

async fn insert(connection: &mut PgConnection, sequence: &AtomicI64, size: usize) {
    let now = Clock::system().now();
    let first = sequence.fetch_add(size as i64, Ordering::Relaxed) + 1;
    let sequences: Vec<i64> = (first..).take(size).collect();
    let ids: Vec<Vec<u8>> = sequences.iter().map(|_| TransferId::new(now).to_bytes()).collect();
    let (debits, credits): (Vec<i64>, Vec<i64>) = sequences
        .iter()
        .map(|_| two_of(ACCOUNTS))
        .map(|(debit, credit)| (debit as i64, credit as i64))
        .unzip();
    let amounts: Vec<i64> = sequences.iter().map(|_| rand::random_range(1..1_000)).collect();
    let rows = "SELECT s, i, d, c, a, 0, '', 0, 1, 1, 1, 0, $6, 0, 0 \
        FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[]) AS row (s, i, d, c, a)";
    sqlx::query(sqlx::AssertSqlSafe(format!("{INSERT} {rows}")))
        .bind(sequences)
        .bind(ids)
        .bind(debits)
        .bind(credits)
        .bind(amounts)
        .bind(now.as_micros())
        .execute(connection)
        .await
        .expect("rows are inserted");
}
