//! A database for one test, deleted when the test ends.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use souk_data::{DataConfig, Engine};
use tempfile::TempDir;

use crate::{engine, rows, rows::RowCounts};

/// An empty database and a folder, both removed when this is dropped.
pub struct TestDb {
    /// What a service's `[data]` section would say.
    pub config: DataConfig,
    engine: Engine,
    folder: TempDir,
    // On PostgreSQL: what is dropped at the end.
    name: Option<String>,
}

impl TestDb {
    /// Makes an empty database: a file in a folder of its own, or a database of its own on the
    /// PostgreSQL for tests.
    ///
    /// # Panics
    /// When PostgreSQL is asked for and not there; see [`crate::is_available`].
    pub async fn new(engine: Engine) -> TestDb {
        souk_data::check_plans();
        let folder =
            tempfile::Builder::new().prefix("souk-test-").tempdir().expect("a temporary folder");
        let (url, name) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", folder.path().join("test.db").display()), None),
            Engine::Postgres => {
                let name = unique_name();
                administer(&format!("CREATE DATABASE {name}")).await;
                (postgres_database(&name), Some(name))
            }
        };
        TestDb { config: DataConfig::new(url), engine, folder, name }
    }

    /// Returns which engine holds it.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns its address as configuration has it.
    pub fn url(&self) -> &str {
        &self.config.url
    }

    /// Returns a folder for whatever else the test keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the file of the database, on SQLite.
    pub fn file(&self) -> Option<PathBuf> {
        self.config.url.strip_prefix("sqlite:").map(PathBuf::from)
    }

    /// Counts the rows of every table, so that a test can check that nothing was written.
    pub async fn row_counts(&self) -> RowCounts {
        rows::count(self.url()).await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        // A test ends inside its runtime, where nothing can be waited for: the last call goes from
        // a thread of its own.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.expect("a runtime can always be built").block_on(administer(&statement));
        });
        if dropped.join().is_err() && !thread::panicking() {
            panic!("the database of a test could not be dropped");
        }
    }
}

/// Returns a name that no other test uses, in this process or another.
fn unique_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock after 1970");
    format!("test_{}_{}_{number}", now.as_micros(), std::process::id())
}

fn postgres_database(name: &str) -> String {
    let url = superuser_url();
    let (server, _) = url
        .rsplit_once('/')
        .expect("SOUK_TEST_POSTGRES_URL reads postgres://user@host:port/database");
    format!("{server}/{name}")
}

fn superuser_url() -> String {
    engine::postgres_url().expect("SOUK_TEST_POSTGRES_URL is not set; `cargo xtask test` sets it")
}

async fn administer(statement: &str) {
    let mut options = ConnectOptions::new(superuser_url());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.expect("the PostgreSQL for tests answers");
    connection
        .execute_unprepared(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("a connection can be closed");
}
