//! A service in another language under attack: a process of its own, started from its manifest.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use souk_chassis::Caller;
use souk_manifest::Launch;
use souk_testkit::{CallerChannel, connect_as, eventually, prepared};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::shop::LIMIT;

/// A running service, killed when this is dropped.
pub struct Process {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Process {
    /// Starts a service with these settings, such as `webhooks.allow_http`, and waits until it
    /// serves.
    ///
    /// # Panics
    /// When its language is not installed, or it does not serve within the limit.
    pub async fn start(service: &str, settings: &[(&str, &str)]) -> Process {
        let manifest = prepared(service).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ready = folder.path().join("ready");
        let launch = Launch::new()
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("server.ready_file", ready.display())
            .set("data_dir", folder.path().join("data").display())
            .set("identity.scopes", manifest.scopes.join(" "))
            .set("log.level", "error");
        let launch = settings.iter().fold(launch, |launch, (key, value)| launch.set(key, value));
        let log = folder.path().join("log");
        let output = File::create(&log).expect("a log can be made");
        let child = Command::from(manifest.command(&launch))
            // Keys that are made outside the data folder stay in the test's own.
            .env("XDG_STATE_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a log can be shared"))
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{service} cannot be started: {error}"));
        Process { child, url: url_in(&ready, &log).await, _folder: folder }
    }

    /// Connects as a caller.
    pub fn channel_as(&self, caller: &Caller) -> CallerChannel {
        connect_as(&self.url, caller)
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }
}

/// Returns where a service serves once it is ready: what its ready file says. Its log is what a
/// failure shows.
pub async fn url_in(ready: &Path, log: &Path) -> String {
    let address = eventually(LIMIT, || async {
        let text = fs::read_to_string(ready).unwrap_or_default();
        let address = text.lines().find_map(|line| line.strip_prefix("grpc=")).map(str::to_owned);
        address.ok_or_else(|| fs::read_to_string(log))
    });
    format!("http://{}", address.await)
}
