//! A service's database: the one way to write, and the ways to read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use prost::Message;
use souk_types::Clock;
use tokio::sync::watch;

use crate::page::PageTokens;
use crate::postgres::Postgres;
use crate::request::{self, RequestKey};
use crate::sqlite::Sqlite;
use crate::write::{Attempt, Isolation, Snapshot, Write, WriteFn};
use crate::{DataConfig, Engine, Error, Reader, Schema, Tx};

/// An open database. Clones share it; dropping the last one finishes what is queued and closes it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    committed: watch::Sender<u64>,
    page_tokens: PageTokens,
    outbox_days: u32,
    purge_seconds: u32,
}

enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// How much a full disk must have again before it counts as writable: some pages.
const PROBE_BYTES: usize = 16 << 10;

impl Db {
    /// Opens the database of a service, creating and migrating it as needed. A relative SQLite path
    /// starts at `data_dir`.
    ///
    /// Fails with [`Error::InUse`] when another process has the file, [`Error::Schema`] when the
    /// stored schema is newer than the program or was changed, [`Error::Lost`] when the database is
    /// not the one that was last here, [`Error::Corrupt`], [`Error::Config`] or
    /// [`Error::Unavailable`].
    pub fn open<'a>(
        config: &'a DataConfig,
        data_dir: &'a Path,
        schema: &'a Schema,
        clock: Clock,
    ) -> BoxFuture<'a, Result<Db, Error>> {
        Box::pin(Self::open_now(config, data_dir, schema, clock))
    }

    async fn open_now(
        config: &DataConfig,
        data_dir: &Path,
        schema: &Schema,
        clock: Clock,
    ) -> Result<Db, Error> {
        let committed = watch::Sender::new(0);
        let store = if let Some(file) = config.url.strip_prefix("sqlite:") {
            let path = data_dir.join(file);
            if file.is_empty() || file.starts_with(':') || path.file_name().is_none() {
                return Err(Error::Config(
                    "the address of a SQLite database is sqlite:FILE".into(),
                ));
            }
            Store::Sqlite(Sqlite::open(config, path, data_dir, schema, &clock, committed.clone())?)
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            Store::Postgres(
                Postgres::open(config, data_dir, schema, &clock, committed.clone()).await?,
            )
        } else {
            return Err(Error::Config(
                "the address of a database starts with sqlite: or postgres://".into(),
            ));
        };
        let reader = store.reader();
        let key = reader.query_row("SELECT secret FROM souk_keys WHERE name = 'page'", &[]).await?;
        let key = key.ok_or_else(|| Error::Corrupt("the key of page tokens is missing".into()))?;
        let page_tokens = PageTokens::from_row(&key)?;
        Ok(Db(Arc::new(Inner {
            store,
            clock,
            committed,
            page_tokens,
            outbox_days: config.outbox_days,
            purge_seconds: config.purge_seconds,
        })))
    }

    /// Returns which engine holds the data.
    pub fn engine(&self) -> Engine {
        match self.0.store {
            Store::Sqlite(_) => Engine::Sqlite,
            Store::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a function in a transaction and commits it, durably, before its result is given back;
    /// an error rolls it back.
    ///
    /// The function borrows `input`. It has no side effects, since it may run again (PostgreSQL,
    /// after losing a race), and waits for nothing but its own statements. It is finished even when
    /// the caller goes away. After a failed statement it cannot go on: use
    /// `ON CONFLICT DO NOTHING`, then read.
    ///
    /// Fails with what the function returned, or [`Error::Conflict`], [`Error::Unavailable`] (the
    /// write may have happened), [`Error::Full`], [`Error::Corrupt`], [`Error::Pending`],
    /// [`Error::Panicked`], [`Error::Bug`].
    pub async fn write<I, T, E, F>(
        &self,
        isolation: Isolation,
        input: I,
        function: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> WriteFn<'a, I, T, E>,
    {
        let write = Arc::new(Write::new(input, function));
        self.run(isolation, write.clone()).await?;
        write.take()
    }

    /// Like [`write`](Db::write), once per request: a repeated request gets the first answer, for 7
    /// days. Only successes are recorded; a refusal is evaluated again. The same id with another
    /// request is [`Error::RequestIdReused`].
    pub async fn write_once<I, R, E, F>(
        &self,
        key: RequestKey,
        isolation: Isolation,
        input: I,
        function: F,
    ) -> Result<R, E>
    where
        I: Send + Sync + 'static,
        R: Message + Default + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> WriteFn<'a, I, R, E>,
    {
        self.write(isolation, Once { key, clock: self.0.clock.clone(), input, function }, once)
            .await
    }

    fn run(
        &self,
        isolation: Isolation,
        write: Arc<dyn Attempt>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        // It runs in another task, and belongs to the trace of this one.
        let origin = crate::origin::current();
        Box::pin(async move {
            match &self.0.store {
                Store::Sqlite(sqlite) => sqlite.writer.write(write, origin).await,
                Store::Postgres(postgres) => postgres.write(isolation, write, origin).await,
            }
        })
    }

    /// Returns a reader whose every statement sees all that was committed before it. For statements
    /// that find their rows by an index; long ones belong in a [`snapshot`](Db::snapshot), since on
    /// SQLite they run in the caller's thread.
    pub fn read(&self) -> Reader {
        self.0.store.reader()
    }

    /// Runs a closure that only reads, all of it on one state of the data, as audits need it. On
    /// SQLite it runs in a thread of its own and, like a write, waits for nothing but its
    /// statements.
    pub async fn snapshot<F, Fut, T, E>(&self, closure: F) -> Result<T, E>
    where
        F: FnOnce(Reader) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let kept = Arc::new(Mutex::new(None));
        let result = kept.clone();
        self.run_snapshot(Box::new(move |reader| {
            let read = closure(reader);
            Box::pin(async move {
                let read = read.await;
                let is_ok = read.is_ok();
                *result.lock() = Some(read);
                is_ok
            })
        }))
        .await?;
        let result = kept.lock().take();
        result.unwrap_or_else(|| Err(Error::bug("a snapshot ended before it was read").into()))
    }

    fn run_snapshot(&self, read: Snapshot) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            match &self.0.store {
                Store::Sqlite(sqlite) => sqlite.snapshot(read).await,
                Store::Postgres(postgres) => postgres.snapshot(read).await,
            }
        })
    }

    /// Returns a receiver that changes after each commit of this process, for those who wait for
    /// new rows. It is only a hint: other replicas commit too, so they must also poll.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.0.committed.subscribe()
    }

    /// Returns what issues and opens the page tokens of this database.
    pub fn page_tokens(&self) -> &PageTokens {
        &self.0.page_tokens
    }

    /// Checks that the database answers and takes writes, by a write of its own when the last one
    /// failed.
    ///
    /// The error names files and folders: it is for operators, in the log and at `/readyz`.
    pub async fn ping(&self) -> Result<(), Error> {
        let trouble = match &self.0.store {
            Store::Sqlite(sqlite) => {
                if !sqlite.writer.is_running() {
                    return Err(Error::unavailable("the writer has stopped"));
                }
                sqlite.readers.held().check_there().map_err(Error::unavailable)?;
                &sqlite.trouble
            }
            Store::Postgres(postgres) => &postgres.trouble,
        };
        if let Some(error) = trouble.get() {
            // Only a write that needs a place on the disk can tell.
            self.probe().await.map_err(|_| error)?;
            trouble.is_over();
        }
        self.read().query_row("SELECT 1 AS one", &[]).await?;
        Ok(())
    }

    async fn probe(&self) -> Result<(), Error> {
        let reserve: Vec<u8> = std::iter::repeat_with(rand::random).take(PROBE_BYTES).collect();
        for reserve in [reserve, Vec::new()] {
            self.write(Isolation::ReadCommitted, reserve, set_reserve).await?;
        }
        Ok(())
    }

    /// Copies a SQLite database, as of one moment and while it is written to, to the new file `to`.
    /// PostgreSQL has its own tools for this.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        match &self.0.store {
            Store::Sqlite(sqlite) => sqlite.backup(to).await,
            Store::Postgres(_) => {
                Err(Error::Config("PostgreSQL is backed up with pg_dump or pg_basebackup".into()))
            }
        }
    }

    /// Returns how long to wait between two calls of [`purge`](Self::purge).
    pub fn purge_interval(&self) -> Duration {
        Duration::from_secs(self.0.purge_seconds.into())
    }

    pub(crate) fn outbox_days(&self) -> u32 {
        self.0.outbox_days
    }
}

async fn set_reserve(tx: &Tx, reserve: &Vec<u8>) -> Result<u64, Error> {
    tx.execute("UPDATE souk_shop SET reserve = $1", args![reserve]).await
}

impl Store {
    fn reader(&self) -> Reader {
        match self {
            Store::Sqlite(sqlite) => Reader::sqlite_file(sqlite.readers.clone()),
            Store::Postgres(postgres) => Reader::postgres_pool(postgres.pool.clone()),
        }
    }
}

/// A write that happens once per request.
struct Once<I, F> {
    key: RequestKey,
    clock: Clock,
    input: I,
    function: F,
}

/// Looks the request up, and records its answer.
async fn once<I, R, E, F>(tx: &Tx, once: &Once<I, F>) -> Result<R, E>
where
    I: Send + Sync + 'static,
    R: Message + Default + 'static,
    E: From<Error> + Send + 'static,
    F: for<'a> WriteFn<'a, I, R, E>,
{
    if let Some(earlier) = request::find(tx, &once.key).await? {
        return Ok(earlier);
    }
    let response = once.function.call(tx, &once.input).await?;
    request::record(tx, &once.key, &response, once.clock.now()).await?;
    Ok(response)
}
