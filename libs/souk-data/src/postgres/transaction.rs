//! What a closure holds while it runs on PostgreSQL: one connection with an open transaction, until
//! the closure is over.

use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sqlx::Postgres;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgQueryResult, PgRow};
use tokio::sync::Mutex;

use super::statement;
use crate::Error;
use crate::value::Arg;

/// A pooled connection that is closed, not reused, unless its transaction came to a clean end.
pub(crate) struct Held {
    connection: PoolConnection<Postgres>,
    clean: bool,
}

impl Held {
    pub(crate) fn new(connection: PoolConnection<Postgres>) -> Self {
        Held { connection, clean: false }
    }

    pub(crate) fn raw(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives the connection back to the pool.
    pub(crate) fn finish(mut self) {
        self.clean = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}

struct State {
    /// None once the closure is over.
    held: Option<Held>,
    failure: Option<Error>,
}

pub(crate) struct Transaction {
    state: Mutex<State>,
    changed: AtomicBool,
}

impl Transaction {
    pub(crate) fn new(held: Held) -> Self {
        Transaction {
            state: Mutex::new(State { held: Some(held), failure: None }),
            changed: AtomicBool::new(false),
        }
    }

    /// Returns whether any row was changed so far.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    pub(crate) async fn execute(
        &self,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<PgQueryResult, Error> {
        let mut state = self.state.lock().await;
        let result = statement::execute(state.connection()?, sql, args).await;
        if result.as_ref().is_ok_and(|result| result.rows_affected() > 0) {
            self.changed.store(true, Ordering::Relaxed);
        }
        state.keep(result)
    }

    pub(crate) async fn query(&self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<PgRow>, Error> {
        let mut state = self.state.lock().await;
        let result = statement::query(state.connection()?, sql, args).await;
        // Only a SELECT is known to change nothing; INSERT … RETURNING is a query as well.
        let selects =
            sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        if !selects {
            self.changed.store(true, Ordering::Relaxed);
        }
        state.keep(result)
    }

    /// Explains a statement as if whole tables could not be read.
    pub(crate) async fn explain(&self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<PgRow>, Error> {
        let mut state = self.state.lock().await;
        let result = explain(state.connection()?, sql, args).await;
        state.keep(result)
    }

    pub(crate) async fn run_all(&self, sql: &str) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        let result = statement::run_all(state.connection()?, sql).await;
        self.changed.store(true, Ordering::Relaxed);
        state.keep(result)
    }

    /// Marks the transaction as failed.
    pub(crate) async fn fail(&self, error: Error) {
        self.state.lock().await.failure.get_or_insert(error);
    }

    /// Ends the use of the connection by the closure: the connection, and the first failure of a
    /// statement.
    pub(crate) async fn end(&self) -> (Option<Held>, Option<Error>) {
        let mut state = self.state.lock().await;
        (state.held.take(), state.failure.take())
    }
}

async fn explain(
    connection: &mut PgConnection,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<Vec<PgRow>, Error> {
    statement::run_all(connection, "SET LOCAL enable_seqscan = off").await?;
    let rows = statement::query(connection, sql, args).await?;
    statement::run_all(connection, "SET LOCAL enable_seqscan = on").await?;
    Ok(rows)
}

impl State {
    /// **Invariant:** after a failed statement nothing runs any more, as on SQLite.
    fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        if self.failure.is_some() {
            return Err(Error::bug(
                "a statement followed one that had failed in the same transaction",
            ));
        }
        match &mut self.held {
            Some(held) => Ok(held.raw()),
            None => Err(Error::bug("a transaction was used after its end")),
        }
    }

    fn keep<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| self.failure = Some(error.clone()))
    }
}
