//! The production engine: a pool of connections to one PostgreSQL database, which replicas share.

mod sort;
pub(crate) mod statement;
pub(crate) mod transaction;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sea_orm::sqlx::{ConnectOptions, Connection, Row};
use souk_types::{Backoff, Clock};
use tokio::sync::{oneshot, watch};

pub(crate) use sort::sort;

use crate::migrate;
use crate::shop_file::{Named, ShopFile, Stored};
use crate::trouble::Trouble;
use crate::value::Arg;
use crate::write::{Attempt, Isolation, Snapshot};
use crate::{DataConfig, Error, Reader, Schema, TraceParent, Tx};
use transaction::{Held, Transaction};

/// After how much idle time a connection is asked whether it still lives before it is used.
const PING_AFTER: Duration = Duration::from_secs(5);

/// The most times one write runs.
const ATTEMPTS: u32 = 100;

/// Between two attempts a write waits up to this long, doubled each time up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// An open PostgreSQL database.
#[derive(Clone)]
pub(crate) struct Postgres {
    /// The service's, for metrics.
    name: &'static str,
    pub(crate) pool: PgPool,
    pub(crate) trouble: Arc<Trouble>,
    retry: Duration,
    committed: watch::Sender<u64>,
}

/// Runs one query outside any transaction. It reads only, so it runs again when its connection
/// turns out to have died.
pub(crate) async fn read(pool: &PgPool, sql: &str, args: &[Arg<'_>]) -> Result<Vec<PgRow>, Error> {
    let mut spare = pool.size();
    loop {
        let mut held = Held::new(pool.acquire().await.map_err(|e| sort(&e))?);
        match statement::query(held.raw(), sql, args).await {
            Err(Error::Unavailable(_)) if spare > 0 => spare -= 1,
            result => {
                if !matches!(result, Err(Error::Unavailable(_))) {
                    held.finish();
                }
                return result;
            }
        }
    }
}

/// Explains a statement as if whole tables could not be read.
pub(crate) async fn explain(
    pool: &PgPool,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<Vec<PgRow>, Error> {
    let mut held = Held::new(pool.acquire().await.map_err(|e| sort(&e))?);
    statement::run_all(held.raw(), "BEGIN; SET LOCAL enable_seqscan = off").await?;
    let rows = statement::query(held.raw(), sql, args).await?;
    statement::run_all(held.raw(), "ROLLBACK").await?;
    held.finish();
    Ok(rows)
}

/// What one attempt came to.
enum Outcome {
    /// It is committed, or it failed for this reason.
    Done(Result<(), Error>),
    /// It lost a race, or had no connection to begin with: nothing happened, and it may run again.
    Again(Error),
}

impl Postgres {
    /// Connects, checks that the server keeps what it acknowledges, and migrates.
    pub(crate) async fn open(
        config: &DataConfig,
        data_dir: &Path,
        schema: &Schema,
        clock: &Clock,
        committed: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(&config.url).map_err(|e| sort(&e))?;
        let options = options.application_name(schema.name).disable_statement_logging().options([
            ("idle_in_transaction_session_timeout", "60s"),
            ("lock_timeout", "10s"),
            // To compile a statement took ten times as long as to run it.
            ("jit", "off"),
        ]);
        let retry = Duration::from_millis(config.retry_milliseconds);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections.max(2))
            .acquire_timeout(retry.max(Duration::from_secs(1)))
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for >= PING_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(|e| sort(&e))?;
        let place = format!("the PostgreSQL database of {}", schema.name);
        let trouble = Arc::new(Trouble::new(place.clone()));
        let postgres = Postgres { name: schema.name, pool, trouble, retry, committed };
        if config.durable {
            postgres.check_durability().await?;
        }
        let mut held = Held::new(postgres.pool.acquire().await.map_err(|e| sort(&e))?);
        let list = ShopFile::read(data_dir)?;
        let name = format!("postgres:{}", schema.name);
        let named = Named { place: &place, name: &name };
        let of = migrate::postgres(held.raw(), schema, clock.now(), |stored| {
            claim(named, list.as_ref(), stored)
        })
        .await;
        let of = of?;
        held.finish();
        remember(data_dir, named, &of)?;
        Ok(postgres)
    }

    async fn check_durability(&self) -> Result<(), Error> {
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let sql = sqlx::AssertSqlSafe(format!("SHOW {setting}"));
            let row = sqlx::query(sql).fetch_one(&self.pool).await.map_err(|e| sort(&e))?;
            let value: String = row.try_get(0).map_err(|e| sort(&e))?;
            if value == "off" {
                let problem =
                    format!("PostgreSQL has {setting} = off and would lose acknowledged writes");
                return Err(Error::Config(
                    format!("{problem}; set durable = false if it may").into(),
                ));
            }
        }
        Ok(())
    }

    /// Runs a write in a transaction, again when it lost a race, in a task of its own: a caller
    /// that goes away stops neither the write nor its commit, only further attempts.
    pub(crate) async fn write(
        &self,
        isolation: Isolation,
        write: Arc<dyn Attempt>,
        origin: Option<TraceParent>,
    ) -> Result<(), Error> {
        let postgres = self.clone();
        let (mut reply, answer) = oneshot::channel();
        tokio::spawn(async move {
            let result = postgres.write_until_done(isolation, &*write, origin, &mut reply).await;
            let _ = reply.send(result);
        });
        answer.await.unwrap_or_else(|_| Err(Error::unavailable("the program is stopping")))
    }

    async fn write_until_done(
        &self,
        isolation: Isolation,
        write: &dyn Attempt,
        origin: Option<TraceParent>,
        caller: &mut oneshot::Sender<Result<(), Error>>,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        for attempt in 1.. {
            let error = match self.attempt(isolation, write, origin).await {
                Outcome::Done(result) => return result,
                Outcome::Again(error) => error,
            };
            if attempt >= ATTEMPTS || started.elapsed() >= self.retry || caller.is_closed() {
                return Err(error);
            }
            metrics::counter!("souk_data_retries_total", "database" => self.name).increment(1);
            tokio::time::sleep(backoff.next_pause()).await;
        }
        unreachable!("the loop ends by its limit of attempts")
    }

    async fn attempt(
        &self,
        isolation: Isolation,
        write: &dyn Attempt,
        origin: Option<TraceParent>,
    ) -> Outcome {
        let begin = match isolation {
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        let held = match self.begin(begin).await {
            Ok(held) => held,
            // Nothing was done yet.
            Err(error) => return Outcome::Again(error),
        };
        let transaction = Arc::new(Transaction::new(held));
        let running = AssertUnwindSafe(write.run(Tx::postgres(transaction.clone()).of(origin)));
        let result = running.catch_unwind().await;
        let (held, failure) = transaction.end().await;
        let Some(mut held) = held else {
            return Outcome::Done(Err(Error::bug("a transaction ended twice")));
        };
        let Ok(is_ok) = result else {
            // Dropping the connection closes it, which rolls back.
            return Outcome::Done(Err(Error::Panicked));
        };
        if let Some(failure) = failure {
            if matches!(failure, Error::Full(_)) {
                self.trouble.met(&failure);
            }
            // Whatever the function made of it, this transaction can only be rolled back.
            if statement::run_all(held.raw(), "ROLLBACK").await.is_ok() {
                held.finish();
            }
            return match failure {
                Error::Conflict => Outcome::Again(Error::Conflict),
                failure if is_ok => Outcome::Done(Err(failure)),
                _ => Outcome::Done(Ok(())),
            };
        }
        // A refusal that changed nothing commits too: only then does PostgreSQL vouch for what the
        // refusal was based on.
        let end = if is_ok || !transaction.has_changed() { "COMMIT" } else { "ROLLBACK" };
        match statement::run_all(held.raw(), end).await {
            Ok(()) => {
                held.finish();
                if is_ok {
                    self.committed.send_modify(|commits| *commits += 1);
                }
                Outcome::Done(Ok(()))
            }
            Err(Error::Conflict) => {
                held.finish();
                Outcome::Again(Error::Conflict)
            }
            // Whether a COMMIT without an answer happened is not known, so it is not tried again
            // here.
            Err(error) => {
                if matches!(error, Error::Full(_)) {
                    self.trouble.met(&error);
                }
                Outcome::Done(Err(error))
            }
        }
    }

    /// Begins a transaction. A connection that turns out to have died while it was idle costs
    /// nothing: another is taken.
    async fn begin(&self, sql: &'static str) -> Result<Held, Error> {
        let mut spare = self.pool.size();
        loop {
            let mut held = Held::new(self.pool.acquire().await.map_err(|e| sort(&e))?);
            match statement::run_all(held.raw(), sql).await {
                Ok(()) => return Ok(held),
                Err(Error::Unavailable(_)) if spare > 0 => spare -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads one consistent state of the data.
    pub(crate) async fn snapshot(&self, read: Snapshot) -> Result<(), Error> {
        let held = self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let transaction = Arc::new(Transaction::new(held));
        let is_ok = read(Reader::postgres_snapshot(transaction.clone())).await;
        let (held, failure) = transaction.end().await;
        if let Some(mut held) = held
            && statement::run_all(held.raw(), "ROLLBACK").await.is_ok()
        {
            held.finish();
        }
        match failure {
            Some(failure) if is_ok => Err(failure),
            _ => Ok(()),
        }
    }
}

/// Compares what a database says of itself with the data folder's list, and returns what it says
/// from now on.
///
/// A folder without a list takes the database's word, since many replicas have a new folder with
/// each start.
fn claim(named: Named<'_>, list: Option<&ShopFile>, stored: Stored) -> Result<Stored, Error> {
    let Some(list) = list else {
        let shop = if stored.shop.is_empty() { ShopFile::new().shop } else { stored.shop };
        return Ok(Stored { shop, epoch: stored.epoch + 1 });
    };
    named.check(list, &stored)?;
    let listed = list.databases.get(named.name).copied().unwrap_or(0);
    Ok(Stored { shop: list.shop.clone(), epoch: listed.max(stored.epoch) + 1 })
}

/// Lists a database. A folder that cannot be written to is no reason not to start: the data is
/// elsewhere.
fn remember(data_dir: &Path, named: Named<'_>, of: &Stored) -> Result<(), Error> {
    let mut is_ours = true;
    let kept = ShopFile::update(data_dir, |list| {
        if list.databases.is_empty() {
            list.shop.clone_from(&of.shop);
        }
        is_ours = list.shop == of.shop;
        if is_ours {
            list.record(named.name, of.epoch);
            list.accept.remove(named.name);
        }
    });
    match kept {
        Ok(list) if !is_ours => Err(named
            .lost(&format!("belongs to another shop ({}, and this is {})", of.shop, list.shop))),
        Ok(_) => Ok(()),
        Err(Error::Lost(problem)) => Err(Error::Lost(problem)),
        Err(error) => {
            tracing::warn!("{} is not remembered for the next start: {error}", named.place);
            Ok(())
        }
    }
}
