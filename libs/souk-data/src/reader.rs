//! Reading and writing inside and outside a transaction: the same calls on both engines, by plain
//! SQL or by sea-orm.
//!
//! The futures are boxed, so that their code is compiled here, and not once more in every service
//! and in each part of it that awaits one.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sqlx::postgres::PgPool;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, ProxyExecResult, QueryResult, Statement,
};

use crate::postgres::statement;
use crate::sqlite::readers::Readers;
use crate::value::{Arg, Row, arg_of};
use crate::{Engine, Error, TraceParent, postgres, sqlite};

/// Reads from the database, either each statement for itself (from [`Db::read`](crate::Db::read))
/// or on one state of the data (in a snapshot or a write).
#[derive(Clone)]
pub struct Reader(Source);

#[derive(Clone)]
enum Source {
    SqliteFile(Arc<Readers>),
    Sqlite(Arc<sqlite::transaction::Transaction>),
    PostgresPool(PgPool),
    Postgres(Arc<postgres::transaction::Transaction>),
}

/// The transaction of one write. It reads like a [`Reader`], and writes. A clone is of no use once
/// the closure is over.
#[derive(Clone)]
pub struct Tx {
    reader: Reader,
    origin: Option<TraceParent>,
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Reader {
    pub(crate) fn sqlite_file(readers: Arc<Readers>) -> Self {
        Reader(Source::SqliteFile(readers))
    }

    pub(crate) fn sqlite_snapshot(transaction: Arc<sqlite::transaction::Transaction>) -> Self {
        Reader(Source::Sqlite(transaction))
    }

    pub(crate) fn postgres_pool(pool: PgPool) -> Self {
        Reader(Source::PostgresPool(pool))
    }

    pub(crate) fn postgres_snapshot(transaction: Arc<postgres::transaction::Transaction>) -> Self {
        Reader(Source::Postgres(transaction))
    }

    /// Returns which engine answers.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Source::SqliteFile(_) | Source::Sqlite(_) => Engine::Sqlite,
            Source::PostgresPool(_) | Source::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a query with `$1`, `$2`, … bound to `args`, and returns all its rows.
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        args: &'a [Arg<'_>],
    ) -> BoxFuture<'a, Result<Vec<Row>, Error>> {
        Box::pin(async move {
            match &self.0 {
                Source::SqliteFile(readers) => {
                    readers.with(|connection| connection.query(sql, args))
                }
                Source::Sqlite(transaction) => {
                    transaction.with(|connection| connection.query(sql, args))
                }
                Source::PostgresPool(pool) => {
                    statement::convert(postgres::read(pool, sql, args).await?)
                }
                Source::Postgres(transaction) => {
                    statement::convert(transaction.query(sql, args).await?)
                }
            }
        })
    }

    /// Runs a query and returns its only row, or none. More than one row is a bug.
    pub fn query_row<'a>(
        &'a self,
        sql: &'a str,
        args: &'a [Arg<'_>],
    ) -> BoxFuture<'a, Result<Option<Row>, Error>> {
        Box::pin(async move { only_row(self.query(sql, args).await?) })
    }

    pub(crate) fn query_for_orm<'a>(
        &'a self,
        sql: &'a str,
        args: &'a [Arg<'_>],
    ) -> BoxFuture<'a, Result<Vec<QueryResult>, Error>> {
        Box::pin(async move {
            match &self.0 {
                Source::SqliteFile(readers) => {
                    readers.with(|connection| connection.query_for_orm(sql, args))
                }
                Source::Sqlite(transaction) => {
                    transaction.with(|connection| connection.query_for_orm(sql, args))
                }
                Source::PostgresPool(pool) => {
                    let rows = postgres::read(pool, sql, args).await?;
                    Ok(rows.into_iter().map(QueryResult::from).collect())
                }
                Source::Postgres(transaction) => {
                    let rows = transaction.query(sql, args).await?;
                    Ok(rows.into_iter().map(QueryResult::from).collect())
                }
            }
        })
    }

    /// Returns the steps by which the engine runs a statement, on PostgreSQL as if it could not
    /// read whole tables.
    pub(crate) fn explain<'a>(
        &'a self,
        sql: &'a str,
        args: &'a [Arg<'_>],
    ) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let (sql, column) = match self.engine() {
                Engine::Sqlite => (format!("EXPLAIN QUERY PLAN {sql}"), "detail"),
                Engine::Postgres => (format!("EXPLAIN {sql}"), "QUERY PLAN"),
            };
            let rows = match &self.0 {
                Source::PostgresPool(pool) => {
                    statement::convert(postgres::explain(pool, &sql, args).await?)?
                }
                Source::Postgres(transaction) => {
                    statement::convert(transaction.explain(&sql, args).await?)?
                }
                Source::SqliteFile(_) | Source::Sqlite(_) => self.query(&sql, args).await?,
            };
            rows.iter().map(|row| row.get(column)).collect()
        })
    }

    pub(crate) fn backend(&self) -> DbBackend {
        match self.engine() {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        }
    }
}

impl Tx {
    pub(crate) fn sqlite(transaction: Arc<sqlite::transaction::Transaction>) -> Self {
        Tx { reader: Reader(Source::Sqlite(transaction)), origin: None }
    }

    pub(crate) fn postgres(transaction: Arc<postgres::transaction::Transaction>) -> Self {
        Tx { reader: Reader(Source::Postgres(transaction)), origin: None }
    }

    /// Notes the trace that the write belongs to.
    pub(crate) fn of(self, origin: Option<TraceParent>) -> Self {
        Tx { origin, ..self }
    }

    /// Returns the trace that the write belongs to.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.origin.as_ref().and_then(|text| std::str::from_utf8(text).ok())
    }

    /// Runs a statement with `$1`, `$2`, … bound to `args`, and returns how many rows it changed.
    pub fn execute<'a>(
        &'a self,
        sql: &'a str,
        args: &'a [Arg<'_>],
    ) -> BoxFuture<'a, Result<u64, Error>> {
        Box::pin(async move {
            match &self.reader.0 {
                Source::Sqlite(transaction) => {
                    transaction.with(|connection| connection.execute(sql, args))
                }
                Source::Postgres(transaction) => {
                    Ok(transaction.execute(sql, args).await?.rows_affected())
                }
                Source::SqliteFile(_) | Source::PostgresPool(_) => Err(only_reads()),
            }
        })
    }

    /// Rolls back and, on PostgreSQL, runs the closure again: what it read is out of date.
    pub(crate) async fn conflict(&self) -> Error {
        match &self.reader.0 {
            Source::Sqlite(transaction) => transaction.fail(Error::Conflict),
            Source::Postgres(transaction) => transaction.fail(Error::Conflict).await,
            Source::SqliteFile(_) | Source::PostgresPool(_) => {}
        }
        Error::Conflict
    }

    async fn execute_for_orm(&self, statement: Statement) -> Result<ExecResult, Error> {
        let args = args_of(&statement)?;
        let sql = statement.sql.as_str();
        match &self.reader.0 {
            Source::Sqlite(transaction) => {
                transaction.with(|connection| connection.execute_for_orm(sql, &args))
            }
            Source::Postgres(transaction) => Ok(transaction.execute(sql, &args).await?.into()),
            Source::SqliteFile(_) | Source::PostgresPool(_) => Err(only_reads()),
        }
    }

    async fn run_all(&self, sql: &str) -> Result<ExecResult, Error> {
        match &self.reader.0 {
            Source::Sqlite(transaction) => {
                transaction.with(|connection| connection.run_all(sql))?
            }
            Source::Postgres(transaction) => transaction.run_all(sql).await?,
            Source::SqliteFile(_) | Source::PostgresPool(_) => return Err(only_reads()),
        }
        Ok(ProxyExecResult::default().into())
    }
}

/// Returns the only row of a result, or none. More than one is a bug.
pub(crate) fn only_row<T>(mut rows: Vec<T>) -> Result<Option<T>, Error> {
    let row = rows.pop();
    if !rows.is_empty() {
        return Err(Error::bug("a query for one row found several"));
    }
    Ok(row)
}

fn only_reads() -> Error {
    Error::bug("a reader cannot write; use `db.write`")
}

fn args_of(statement: &Statement) -> Result<Vec<Arg<'_>>, Error> {
    match &statement.values {
        Some(values) => values.0.iter().map(arg_of).collect(),
        None => Ok(Vec::new()),
    }
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(only_reads().into())
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(only_reads().into())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_for_orm(&statement.sql, &args_of(&statement)?).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        Ok(self.query_for_orm(&statement.sql, &args_of(&statement)?).await?)
    }

    fn support_returning(&self) -> bool {
        true
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        Ok(self.execute_for_orm(statement).await?)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        Ok(self.run_all(sql).await?)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_for_orm(&statement.sql, &args_of(&statement)?).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        Ok(self.query_for_orm(&statement.sql, &args_of(&statement)?).await?)
    }

    fn support_returning(&self) -> bool {
        true
    }
}
