//! One service under test: its own databases, its own port, called over the network as its clients
//! call it.

use std::path::Path;
use std::time::Duration;

use souk_chassis::{Caller, Definition, Options, Running, Shop, StartError};
use souk_client::ops::v1::InvariantReport;
use souk_data::Engine;
use souk_types::Clock;
use tempfile::TempDir;

use crate::{
    CallerChannel, RowCounts, TestDb, check_invariants, connect_as, connect_with, eventually,
};

/// The setting that holds the address of a service's database.
const DATABASE: &str = "data.url";

/// How long a restart waits for the database of the life before.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

/// A service that is about to be started.
pub struct TestServiceBuilder {
    definition: Definition,
    engine: Engine,
    databases: Vec<String>,
    settings: Vec<(String, String)>,
    clock: Clock,
}

impl TestServiceBuilder {
    /// Sets one setting, by its dotted key in the service's own configuration:
    /// `hold.sweep_seconds`.
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    /// Sets the address of an upstream: `("payments", &fake.url())`.
    pub fn upstream(self, name: &str, url: &str) -> Self {
        self.set(format!("upstreams.{name}"), url)
    }

    /// Runs the service on a clock that the test moves.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Gives the service one more database; `key` is the setting that its address goes into.
    pub fn database(mut self, key: impl Into<String>) -> Self {
        self.databases.push(key.into());
        self
    }

    /// Makes the databases and starts the service; it serves when this returns.
    ///
    /// # Panics
    /// When the service does not start; the message says why in one line.
    pub async fn start(self) -> TestService {
        let folder =
            tempfile::Builder::new().prefix("souk-service-").tempdir().expect("a temporary folder");
        let mut settings = vec![
            ("server.listen".to_owned(), "127.0.0.1:0".to_owned()),
            ("server.metrics_listen".to_owned(), "127.0.0.1:0".to_owned()),
            // What a test prints should be about the test.
            ("log.level".to_owned(), "warn".to_owned()),
            ("data_dir".to_owned(), folder.path().display().to_string()),
        ];
        let mut databases = Vec::new();
        for key in self.databases {
            let database = TestDb::new(self.engine).await;
            settings.push((key, database.url().to_owned()));
            databases.push(database);
        }
        settings.extend(self.settings);
        let running = run(&self.definition, &settings, &self.clock).await;
        TestService {
            definition: self.definition,
            settings,
            clock: self.clock,
            running: Some(running),
            databases,
            _folder: folder,
        }
    }
}

/// A running service. Stop it at the end of a test, so that what it holds is gone before its
/// databases are.
pub struct TestService {
    definition: Definition,
    settings: Vec<(String, String)>,
    clock: Clock,
    running: Option<Running>,
    databases: Vec<TestDb>,
    _folder: TempDir,
}

impl TestService {
    /// Prepares a service on an engine, with one database at `data.url`. What it lacks has to be
    /// set before the start.
    pub fn builder(definition: Definition, engine: Engine) -> TestServiceBuilder {
        TestServiceBuilder {
            definition,
            engine,
            databases: vec![DATABASE.to_owned()],
            settings: Vec::new(),
            clock: Clock::system(),
        }
    }

    /// Returns its address: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running().addr())
    }

    /// Returns a connection whose calls are made by `caller`; give it to the generated client.
    pub fn channel_as(&self, caller: &Caller) -> CallerChannel {
        connect_as(&self.url(), caller)
    }

    /// Returns a connection as [`channel_as`](Self::channel_as) does, whose token has these scopes
    /// only.
    pub fn channel_with(&self, caller: &Caller, scopes: &[&str]) -> CallerChannel {
        connect_with(&self.url(), caller, scopes)
    }

    /// Has it check its invariants.
    ///
    /// # Panics
    /// After [`stop`](Self::stop), and when it does not answer.
    pub async fn invariants(&self) -> InvariantReport {
        let channel = self.channel_as(&Caller::Staff("auditor".to_owned()));
        check_invariants(channel, self.definition.name()).await.expect("it answers")
    }

    /// Returns its databases, the one at `data.url` first.
    pub fn databases(&self) -> &[TestDb] {
        &self.databases
    }

    /// Returns what else can be asked of the running process.
    ///
    /// # Panics
    /// After [`stop`](Self::stop).
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("the service runs")
    }

    /// Reads the metrics page of the process.
    ///
    /// # Panics
    /// After [`stop`](Self::stop), and when the page cannot be read.
    pub async fn metrics(&self) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.running().metrics_addr())
            .await
            .expect("it listens");
        let request = b"GET /metrics HTTP/1.1\r\nhost: souk\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it takes a request");
        let mut page = String::new();
        stream.read_to_string(&mut page).await.expect("it answers");
        page
    }

    /// Counts the rows of every table of every database; names are `0.table`, `1.table`, in the
    /// order of the databases.
    pub async fn row_counts(&self) -> RowCounts {
        let mut counts = RowCounts::new();
        for (number, database) in self.databases.iter().enumerate() {
            let tables = database.row_counts().await;
            counts.extend(
                tables.into_iter().map(|(table, rows)| (format!("{number}.{table}"), rows)),
            );
        }
        counts
    }

    /// Drains the service and starts it again on the same data, on a new port.
    ///
    /// # Panics
    /// When it does not start again.
    pub async fn restart(&mut self) {
        self.stop().await;
        // A task that the drain has ended may hold the database for a moment longer.
        let started = eventually(RESTART_LIMIT, || async {
            match start(&self.definition, &self.settings, &self.clock).await {
                Err(error) if error.to_string().contains("in use by another process") => Err(error),
                other => Ok(other),
            }
        });
        let started = started.await;
        self.running =
            Some(started.unwrap_or_else(|error| panic!("{}: {error}", self.definition.name())));
    }

    /// Drains the service. Does nothing when it is stopped already.
    ///
    /// # Panics
    /// When something did not end in time, or a method failed with a reason that its contract does
    /// not list; the message names it.
    pub async fn stop(&mut self) {
        if self.running.is_some() {
            let page = self.metrics().await;
            let unlisted =
                page.lines().find(|line| line.starts_with("souk_unlisted_reasons_total"));
            assert_eq!(
                unlisted, None,
                "add the reason to souk.policy.v1.method.reasons, or do not fail with it"
            );
        }
        if let Some(running) = self.running.take() {
            running
                .drain()
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", self.definition.name()));
        }
    }

    /// Returns the folder of its first database's test, for whatever else a test keeps.
    pub fn folder(&self) -> &Path {
        self.databases[0].folder()
    }
}

async fn run(definition: &Definition, settings: &[(String, String)], clock: &Clock) -> Running {
    let started = start(definition, settings, clock).await;
    started.unwrap_or_else(|error| panic!("{} did not start: {error}", definition.name()))
}

async fn start(
    definition: &Definition,
    settings: &[(String, String)],
    clock: &Clock,
) -> Result<Running, StartError> {
    // Named as the service, the program is that service alone, and its settings need no prefix.
    // What the environment says about a service is for real ones.
    let options = Options::new(definition.name()).environment(&[]).clock(clock.clone());
    let options = settings.iter().fold(options, |options, (key, value)| options.set(key, value));
    Shop::new(options).with(definition.clone()).start().await
}
