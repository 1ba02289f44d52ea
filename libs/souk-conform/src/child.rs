//! A service as a process of its own: started from its manifest with free ports, stopped, killed,
//! and its log read.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use souk_manifest::{Language, Launch, Manifest, program_on_path};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long a start may take on a machine that is busy with other things.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a start that must fail may take on such a machine.
const REFUSAL_LIMIT: Duration = Duration::from_secs(60);

/// What a ready file of an earlier life holds.
const OLDER: &str = "of an earlier life\n";

/// Variables that do not concern the service: the first is a setting without its prefix, the others
/// are read by libraries that it may use.
const FOREIGN: [(&str, &str); 4] = [
    ("SERVER__MAX_MESSAGE_BYTES", "16777216"),
    ("LOG__LEVEL", "error"),
    ("LOG_LEVEL", "error"),
    ("RUST_LOG", "off"),
];

/// What is to be started.
pub struct Service {
    pub manifest: Manifest,
    pub souk: PathBuf,
    folder: TempDir,
    number: AtomicU32,
}

/// How a start that must fail has ended.
pub struct Refusal {
    /// Nothing when it still ran after a while, and had to be killed.
    pub exit: Option<i32>,
    pub stderr: String,
    pub has_written: bool,
}

/// A process that serves.
pub struct Running {
    child: Child,
    pub grpc: SocketAddr,
    pub metrics: SocketAddr,
    pub data: PathBuf,
    pub ready_text: String,
    log: PathBuf,
}

impl Service {
    /// Names the program for `souk`: the given one, SOUK_BIN, or the one beside this program.
    pub fn new(manifest: Manifest, souk: Option<PathBuf>) -> Result<Service, String> {
        let beside = || std::env::current_exe().ok()?.parent().map(|folder| folder.join("souk"));
        let souk = souk.or_else(|| std::env::var_os("SOUK_BIN").map(PathBuf::from)).or_else(beside);
        let souk =
            souk.and_then(|souk| souk.canonicalize().ok()).unwrap_or_else(|| PathBuf::from("souk"));
        let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
        Ok(Service { manifest, souk, folder, number: AtomicU32::new(0) })
    }

    /// Returns whether the program for `souk` is there, which has the event bus.
    pub fn has_souk(&self) -> bool {
        self.souk.is_file() || program_on_path(&self.souk.to_string_lossy()).is_some()
    }

    /// Returns a path for a new folder or file of this run.
    pub fn fresh(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{}-{name}", self.number.fetch_add(1, Ordering::Relaxed)))
    }

    /// Returns settings with ports of the system's choice and a data folder that is not there yet.
    pub fn settings(&self) -> Launch {
        self.settings_in(&self.fresh("data"))
    }

    /// Returns settings with ports of the system's choice and this data folder.
    pub fn settings_in(&self, data: &Path) -> Launch {
        let mut launch = Launch::new()
            .souk(&self.souk)
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("server.drain_seconds", 5)
            .set("data_dir", data.display());
        // Those in Rust are granted what they ask for by the program that they are part of.
        if self.manifest.language != Language::Rust {
            launch = launch.set("identity.scopes", self.manifest.scopes.join(" "));
        }
        for (key, value) in &self.manifest.run.conformance_settings {
            launch = launch.set(key, value);
        }
        launch
    }

    fn command(&self, launch: &Launch, arguments: &[String]) -> Command {
        let mut command = Command::from(self.manifest.command(launch));
        command
            .args(arguments)
            .envs(FOREIGN)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts a process and waits until it serves.
    pub async fn start(&self, launch: Launch, arguments: &[String]) -> Result<Running, String> {
        let ready = self.fresh("ready");
        let log = self.fresh("log");
        let data = self.data_of(&launch);
        // An older file must be replaced.
        fs::write(&ready, OLDER).map_err(|error| format!("a ready file: {error}"))?;
        let launch = launch.set("server.ready_file", ready.display());
        let stderr = File::create(&log).map_err(|error| format!("a log file: {error}"))?;
        let mut command = self.command(&launch, arguments);
        let mut child = command.stderr(stderr).spawn().map_err(|error| {
            format!("{:?} cannot be started: {error}", self.manifest.run.command)
        })?;
        let until = Instant::now() + START_LIMIT;
        let said = || last_lines(&fs::read_to_string(&log).unwrap_or_default());
        let ready_text = loop {
            match fs::read_to_string(&ready) {
                Ok(text) if text != OLDER => break text,
                _ => {}
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("it ended ({status}) before it served: {}", said()));
            }
            if Instant::now() > until {
                return Err(format!("it does not serve after {START_LIMIT:?}: {}", said()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let address = |key: &str| {
            let line =
                ready_text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.and_then(|text| text.trim().parse().ok())
                .ok_or_else(|| format!("the ready file has no {key}=HOST:PORT: {ready_text:?}"))
        };
        let grpc = address("grpc")?;
        let metrics = address("metrics")?;
        Ok(Running { grpc, metrics, data, log, ready_text, child })
    }

    /// Starts a process that must not serve, and returns how it ended.
    pub async fn refused(&self, launch: Launch, arguments: &[String]) -> Result<Refusal, String> {
        let ready = self.fresh("ready");
        let data = self.data_of(&launch);
        let launch = launch.set("server.ready_file", ready.display());
        let mut command = self.command(&launch, arguments);
        let child = command.stderr(Stdio::piped()).spawn().map_err(|error| {
            format!("{:?} cannot be started: {error}", self.manifest.run.command)
        })?;
        let serves = async {
            while !ready.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let ended = tokio::select! {
            output = child.wait_with_output() => Some(output),
            // It need not be waited for any longer.
            () = serves => None,
            () = tokio::time::sleep(REFUSAL_LIMIT) => None,
        };
        let has_written = data.exists() || ready.exists();
        Ok(match ended {
            Some(Ok(output)) => Refusal {
                exit: output.status.code(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
                has_written,
            },
            Some(Err(error)) => return Err(error.to_string()),
            None => Refusal { exit: None, stderr: String::new(), has_written },
        })
    }

    fn data_of(&self, launch: &Launch) -> PathBuf {
        let variable = self.manifest.variable("data_dir");
        let environment = self.manifest.environment(launch);
        let data = environment.iter().rev().find(|(name, _)| *name == variable);
        data.map(|(_, value)| PathBuf::from(value)).unwrap_or_default()
    }
}

impl Refusal {
    /// Describes how it ended and what it printed, in one line.
    pub fn describe(&self) -> String {
        let exit = self
            .exit
            .map_or_else(|| "still running".to_owned(), |code| format!("exit code {code}"));
        format!("{exit}: {}", last_lines(&self.stderr))
    }

    /// Returns the lines that it printed.
    pub fn lines(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.trim().is_empty()).collect()
    }

    /// Returns the lines that are no entries of the log, which begin with the year.
    pub fn lines_for_people(&self) -> Vec<&str> {
        self.lines()
            .into_iter()
            .filter(|line| !line.starts_with(|first: char| first.is_ascii_digit()))
            .collect()
    }
}

impl Running {
    /// Sends a signal by name: `TERM`, `INT`, `KILL`.
    pub async fn signal(&self, name: &str) {
        if let Some(id) = self.child.id() {
            let _ =
                Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await;
        }
    }

    /// Waits until it has ended by itself; nothing when it has not within `limit`, and is killed.
    pub async fn ended(&mut self, limit: Duration) -> Option<Option<i32>> {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => Some(status.ok().and_then(|status| status.code())),
            Err(_) => {
                let _ = self.child.kill().await;
                None
            }
        }
    }

    /// Returns all that it has written to stderr so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

/// Returns the end of what a process printed, in one line.
pub fn last_lines(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>();
    let end = lines[lines.len().saturating_sub(3)..].join(" / ");
    if end.is_empty() { "it printed nothing".to_owned() } else { end.chars().take(600).collect() }
}
