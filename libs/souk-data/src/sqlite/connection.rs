//! One SQLite connection: statements run inline, in the thread that asks.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, Statement};
use sea_orm::{ExecResult, ProxyExecResult, ProxyRow, QueryResult, Value};

use super::held::HeldFile;
use super::sort::sort;
use crate::value::{Arg, Cell, Row, unique_names};
use crate::{DataConfig, Error};

/// How long a statement waits for a lock that another connection holds, for instance while the log
/// is recovered.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a checkpoint between writes waits for readers; the next write waits as long.
pub(crate) const CHECKPOINT_TIMEOUT: Duration = Duration::from_millis(50);

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// After how many pages (4 KiB) of log SQLite copies them back into the file: 16 MiB.
const CHECKPOINT_PAGES: u32 = 4000;

/// The size above which the log is restarted as soon as no reader is in the way: 64 MiB.
pub(crate) const LOG_BYTES: u32 = 64 << 20;

/// How many statements have their shape remembered.
const SHAPES: usize = 1024;

pub(crate) struct Connection {
    raw: rusqlite::Connection,
    shapes: HashMap<Box<str>, Shape>,
    batches: u64,
    /// Dropped after the connection.
    _held: Arc<HeldFile>,
}

/// What is asked of every statement again and again, and takes SQLite a walk through a list each
/// time.
#[derive(Clone)]
struct Shape {
    columns: Arc<[Box<str>]>,
    /// Which value each placeholder means: `$3` is the third, wherever it is, as on PostgreSQL;
    /// `?` goes by its place, as sea-query writes it.
    values: Arc<[usize]>,
}

impl Shape {
    fn of(statement: &Statement<'_>) -> Result<Shape, Error> {
        let columns = unique_names(statement.column_names().into_iter())?;
        let number = |place: usize| match statement.parameter_name(place) {
            Some(name) => name[1..].parse().unwrap_or(0),
            None => place,
        };
        Ok(Shape { columns, values: (1..=statement.parameter_count()).map(number).collect() })
    }
}

impl Connection {
    /// Opens the one connection that writes. The file is there, and an empty one becomes a
    /// database.
    pub(crate) fn writer(
        path: &Path,
        config: &DataConfig,
        held: Arc<HeldFile>,
    ) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open(path, flags, held)?;
        let raw = &connection.raw;
        let mode: String = raw
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|e| sort(&e))?;
        if mode != "wal" {
            return Err(Error::Config(
                format!("the file system does not carry a write-ahead log ({mode})").into(),
            ));
        }
        let synchronous = if config.durable { "FULL" } else { "OFF" };
        raw.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous};
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA recursive_triggers = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16384;
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA journal_size_limit = {LOG_BYTES};"
        ))
        .map_err(|e| sort(&e))?;
        if config.max_bytes > 0 {
            let page: u32 =
                raw.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(|e| sort(&e))?;
            let pages = (config.max_bytes / u64::from(page)).clamp(1, u64::from(u32::MAX - 1));
            raw.execute_batch(&format!("PRAGMA max_page_count = {pages}")).map_err(|e| sort(&e))?;
        }
        Ok(connection)
    }

    /// Opens a connection that only reads.
    pub(crate) fn reader(path: &Path, held: Arc<HeldFile>) -> Result<Self, Error> {
        // It must not come to read another file than the writer writes.
        held.check_there().map_err(Error::unavailable)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open(path, flags, held)?;
        connection
            .raw
            .execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;")
            .map_err(|e| sort(&e))?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags, held: Arc<HeldFile>) -> Result<Self, Error> {
        let raw = super::open_file(path, flags).map_err(|e| sort(&e))?;
        raw.busy_timeout(BUSY_TIMEOUT).map_err(|e| sort(&e))?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan does not depend on the values that are bound, so that no statement is prepared
        // again for another one.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| sort(&e))?;
        Ok(Connection { raw, shapes: HashMap::new(), batches: 0, _held: held })
    }

    /// Returns whether no transaction is open.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.raw.is_autocommit()
    }

    /// Returns a number that grows when a statement changes a row, or several are run that may
    /// change tables.
    pub(crate) fn changes(&self) -> u64 {
        self.raw.total_changes() + self.batches
    }

    /// Runs a statement without values and without an answer.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        let mut statement = self.raw.prepare_cached(sql).map_err(|e| sort(&e))?;
        statement.raw_execute().map_err(|e| sort(&e))?;
        Ok(())
    }

    /// Runs several statements, separated by semicolons.
    pub(crate) fn run_all(&mut self, sql: &str) -> Result<(), Error> {
        self.batches += 1;
        self.raw.execute_batch(sql).map_err(|e| sort(&e))
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64, Error> {
        let mut statement = self.raw.prepare_cached(sql).map_err(|e| sort(&e))?;
        let shape = shape(&mut self.shapes, sql, &statement)?;
        bind(&mut statement, &shape, args)?;
        let changed = statement.raw_execute().map_err(|e| sort(&e))?;
        Ok(changed as u64)
    }

    /// Runs a statement for sea-orm.
    pub(crate) fn execute_for_orm(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<ExecResult, Error> {
        let rows_affected = self.execute(sql, args)?;
        // A row id below zero is none that SQLite gave out by itself; sea-orm would take it for a
        // huge number.
        let last_insert_id = u64::try_from(self.raw.last_insert_rowid()).unwrap_or(0);
        Ok(ExecResult::from(ProxyExecResult { last_insert_id, rows_affected }))
    }

    /// Runs a query and returns its rows.
    pub(crate) fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>, Error> {
        self.rows(sql, args, |columns, row| {
            let mut cells = Vec::with_capacity(columns.len());
            for index in 0..columns.len() {
                cells.push(cell(row.get_ref_unwrap(index), &columns[index])?);
            }
            Ok(Row { columns: columns.clone(), cells })
        })
    }

    /// Runs a query for sea-orm.
    pub(crate) fn query_for_orm(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<Vec<QueryResult>, Error> {
        self.rows(sql, args, |columns, row| {
            let mut values = BTreeMap::new();
            for index in 0..columns.len() {
                let value = match cell(row.get_ref_unwrap(index), &columns[index])? {
                    // sea-orm reads a NULL of any type as NULL of the type it asks for.
                    Cell::Null => Value::BigInt(None),
                    Cell::Integer(value) => Value::BigInt(Some(value)),
                    Cell::Text(value) => Value::String(Some(value)),
                    Cell::Bytes(value) => Value::Bytes(Some(value)),
                };
                values.insert(columns[index].to_string(), value);
            }
            Ok(QueryResult::from(ProxyRow::new(values)))
        })
    }

    fn rows<T>(
        &mut self,
        sql: &str,
        args: &[Arg<'_>],
        convert: impl Fn(&Arc<[Box<str>]>, &rusqlite::Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let sql = without_lock(sql);
        let mut statement = self.raw.prepare_cached(sql).map_err(|e| sort(&e))?;
        let shape = shape(&mut self.shapes, sql, &statement)?;
        bind(&mut statement, &shape, args)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|e| sort(&e))? {
            found.push(convert(&shape.columns, row)?);
        }
        Ok(found)
    }

    /// Copies the log back into the file, and empties it if no reader is in the way for longer than
    /// `patience`.
    pub(crate) fn checkpoint(&mut self, patience: Duration) -> Result<(), Error> {
        self.raw.busy_timeout(patience).map_err(|e| sort(&e))?;
        let done = self
            .raw
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| sort(&e));
        self.raw.busy_timeout(BUSY_TIMEOUT).map_err(|e| sort(&e))?;
        done
    }

    /// Keeps the end of the connection from copying the log back.
    pub(crate) fn leave_log(&mut self) {
        // What cannot be set stays as it is, which is no worse than before.
        let _ = self.raw.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }

    /// Returns the connection itself, for what has no SQL.
    pub(crate) fn raw(&self) -> &rusqlite::Connection {
        &self.raw
    }
}

/// Leaves out the lock of rows at the end of a SELECT: SQLite has none, since one write runs at a
/// time.
fn without_lock(sql: &str) -> &str {
    sql.strip_suffix("FOR UPDATE").unwrap_or(sql)
}

fn shape(
    known: &mut HashMap<Box<str>, Shape>,
    sql: &str,
    statement: &Statement<'_>,
) -> Result<Shape, Error> {
    if let Some(shape) = known.get(sql) {
        return Ok(shape.clone());
    }
    let shape = Shape::of(statement)?;
    if known.len() >= SHAPES {
        known.clear();
    }
    known.insert(sql.into(), shape.clone());
    Ok(shape)
}

fn bind(statement: &mut Statement<'_>, shape: &Shape, args: &[Arg<'_>]) -> Result<(), Error> {
    let count = shape.values.len();
    if count != args.len() {
        return Err(Error::bug(format!(
            "a statement takes {count} values, and {} were given",
            args.len()
        )));
    }
    for (index, number) in shape.values.iter().enumerate() {
        let place = index + 1;
        let arg = args.get(usize::wrapping_sub(*number, 1));
        let arg = arg.ok_or_else(|| {
            Error::bug(format!("a statement has no value for its parameter {place}"))
        })?;
        let bound = match *arg {
            Arg::Integer(value) => statement.raw_bind_parameter(place, value),
            Arg::Text(value) => statement.raw_bind_parameter(place, value),
            Arg::Bytes(value) => statement.raw_bind_parameter(place, value),
        };
        bound.map_err(|e| sort(&e))?;
    }
    Ok(())
}

fn cell(value: ValueRef<'_>, column: &str) -> Result<Cell, Error> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Integer(value),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => {
                return Err(Error::Corrupt(
                    format!("column {column} holds text that is not UTF-8").into(),
                ));
            }
        },
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => {
            return Err(Error::bug(format!(
                "column {column} holds a float; only i64, text and bytes are stored"
            )));
        }
    })
}
