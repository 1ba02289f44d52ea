//! The command line: `souk conform MANIFEST|ADDRESS`.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use souk_manifest::Transport;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::results::Results;
use crate::running::Address;
use crate::sentences::Selection;
use crate::{Options, ask_address, ask_manifest};

/// A sentence is broken.
const BROKEN: u8 = 1;
/// Nothing could be asked, or the run ended early.
const ENDED_EARLY: u8 = 2;
/// A wrong argument (EX_USAGE of sysexits.h).
const USAGE: u8 = 64;
/// The run was interrupted, as shells say it.
const INTERRUPTED: u8 = 130;

/// Checks a service, in any language, against the service contract, sentence by sentence.
///
/// A manifest is started, several times, with ports and folders of its own. A process that runs at
/// an address is only called: what needs a start, settings, a signal or the log is not asked, and
/// only reads are called with requests that they may accept. Use a test instance nevertheless: a
/// service that does not refuse what it must refuse carries it out.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0   every sentence that was asked holds
  1   a sentence is broken
  2   nothing could be asked, or the run ended early
  64  an argument is wrong
The sentences are in docs/service-contract.md.")]
pub struct Conform {
    /// The manifest (souk.service.toml) of a service or its folder; or HOST:PORT, where a process
    /// serves gRPC.
    #[arg(value_name = "MANIFEST|ADDRESS")]
    target: String,
    /// Asks only the sentences whose number begins so, such as C-ERROR or C-ERROR-4. May be given
    /// several times.
    #[arg(long, value_name = "NUMBER")]
    only: Vec<String>,
    /// Prints the results as JSON.
    #[arg(long)]
    json: bool,
    /// Also writes the results to a file, as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also prints the evidence where a sentence holds.
    #[arg(long)]
    verbose: bool,
    /// Where the process at ADDRESS serves /metrics, /healthz and /readyz; without it they are not
    /// asked.
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// A file with the key of the development tokens of the process at ADDRESS
    /// (identity.development_key), unless it is the public one.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The library that answers some broken requests at ADDRESS by itself: grpc-core or grpc-java.
    /// A manifest names its own.
    #[arg(long, value_name = "NAME")]
    transport: Option<Transport>,
    /// The program that a manifest calls souk, which also has the event bus. Without it: SOUK_BIN,
    /// or the one beside this program.
    #[arg(long, value_name = "FILE")]
    souk: Option<PathBuf>,
}

/// Why there are no results: what is wrong, and the exit code.
struct Failure {
    why: String,
    code: u8,
}

impl Conform {
    /// Runs the suite, and returns the exit code. `souk` is the program that a manifest calls souk,
    /// unless the command line names one.
    pub fn run(self, souk: Option<PathBuf>) -> ExitCode {
        let runtime = match Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("souk conform: {error}");
                return ExitCode::from(ENDED_EARLY);
            }
        };
        runtime.block_on(async {
            tokio::select! {
                code = self.results(souk) => code,
                // The processes that were started end with this one.
                () = interrupted() => ExitCode::from(INTERRUPTED),
            }
        })
    }

    async fn results(&self, souk: Option<PathBuf>) -> ExitCode {
        let results = match self.ask(souk).await {
            Ok(results) => results,
            Err(Failure { why, code }) => {
                eprintln!("souk conform: {why}");
                return ExitCode::from(code);
            }
        };
        let text = if self.json { results.json() } else { results.text(self.verbose) };
        // A closed reader, such as `head`, is not a failure.
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
        if let Some(file) = &self.junit
            && let Err(error) = fs::write(file, results.junit())
        {
            eprintln!("souk conform: {}: {error}", file.display());
            return ExitCode::from(ENDED_EARLY);
        }
        ExitCode::from(code_of(&results))
    }

    async fn ask(&self, souk: Option<PathBuf>) -> Result<Results, Failure> {
        let usage = |why: String| Failure { why, code: USAGE };
        let selection = Selection::new(&self.only).map_err(|why| usage(format!("--only {why}")))?;
        let progress = Box::new(|line: &str| eprintln!("{line}"));
        let souk = self.souk.clone().or(souk);
        let options = Options { souk, selection, progress };
        let path = Path::new(&self.target);
        if path.exists() {
            if self.metrics.is_some() || self.key_file.is_some() || self.transport.is_some() {
                let why = "--metrics, --key-file and --transport are for an address; a manifest \
                           has its own";
                return Err(usage(why.to_owned()));
            }
            let asked = ask_manifest(path, options).await;
            return asked.map_err(|why| Failure { why, code: ENDED_EARLY });
        }
        let grpc = resolved(&self.target).await.map_err(|why| {
            usage(format!("{:?} is no manifest, no folder with one, and {why}", self.target))
        })?;
        let metrics = match &self.metrics {
            Some(text) => {
                let found = resolved(text).await;
                Some(found.map_err(|why| usage(format!("--metrics {text:?} {why}")))?)
            }
            None => None,
        };
        let address = Address { grpc, metrics, key: self.key()?, transport: self.transport };
        Ok(ask_address(&address, options).await)
    }

    /// Reads the key of development tokens.
    fn key(&self) -> Result<Option<String>, Failure> {
        let Some(file) = &self.key_file else { return Ok(None) };
        let text = fs::read_to_string(file).map_err(|error| Failure {
            why: format!("--key-file {}: {error}", file.display()),
            code: USAGE,
        })?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// Returns the exit code of results.
fn code_of(results: &Results) -> u8 {
    if !results.broken().is_empty() {
        BROKEN
    } else if !results.is_kept() {
        ENDED_EARLY
    } else {
        0
    }
}

/// Returns the address that a text names: `127.0.0.1:7310`, `localhost:7310`,
/// `http://127.0.0.1:7310`.
async fn resolved(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none() {
        return Err("it is not HOST:PORT".to_owned());
    }
    let mut found = tokio::net::lookup_host(text)
        .await
        .map_err(|error| format!("it has no address: {error}"))?;
    found.next().ok_or_else(|| "it has no address".to_owned())
}

/// Waits for Ctrl-C, or for the request to end.
async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be received");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
