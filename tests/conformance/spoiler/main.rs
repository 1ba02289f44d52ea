//! A service that breaks what it is told to break of docs/service-contract.md, and nothing else: it stands between the conformance suite
//! and a service that keeps all of it, and changes what passes. It proves that the suite sees each of these mistakes.
//!
//! `spoiler --break NAME,… -- PROGRAM ARGUMENT…`: settings come from the environment, as for every process.

// It makes up errors, as nobody else may.
#![allow(clippy::disallowed_methods)]

mod pages;
mod proxy;
mod spoils;
mod stderr;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::spoils::Spoils;

/// What stands before the settings of the service behind this one.
const PREFIX: &str = "SOUK__";

#[derive(Parser)]
struct Arguments {
    /// What to break.
    #[arg(long = "break", value_delimiter = ',')]
    spoils: Vec<String>,
    /// The service that keeps everything, and what the suite adds.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let spoils = Spoils::new(arguments.spoils);
    match run(&spoils, &arguments.command).await {
        Ok(code) => ExitCode::from(code),
        Err(line) => {
            eprintln!("souk: {line}");
            ExitCode::from(if spoils.has("address-exit") { 3 } else { 1 })
        }
    }
}

/// Runs the service behind this one until it ends, and returns the exit code.
async fn run(spoils: &Spoils, command: &[String]) -> Result<u8, String> {
    if spoils.has("waits") {
        neighbours_are_there().await?;
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let ready = folder.path().join("ready");
    let mut child = start(spoils, command, &ready).await?;
    let errors = child.stderr.take().map(|pipe| tokio::spawn(stderr::pass_on(spoils.clone(), pipe)));

    // It may end at once, when a setting is wrong.
    let addresses = loop {
        if let Ok(text) = tokio::fs::read_to_string(&ready).await {
            break text;
        }
        if let Ok(Some(status)) = child.try_wait() {
            finish(errors).await;
            let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
            return Ok(if spoils.has("exit-code") && code == 64 { 1 } else { code });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let address = |key: &str| -> Result<SocketAddr, String> {
        let line = addresses.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let address: SocketAddr = line.and_then(|text| text.parse().ok()).ok_or("the service says no address")?;
        Ok(SocketAddr::new([127, 0, 0, 1].into(), address.port()))
    };
    let (grpc, metrics) =
        (bind("server.listen", "LISTEN").await?, bind("server.metrics_listen", "METRICS_LISTEN").await?);
    tell(spoils, &grpc, &metrics)?;

    let accepting = tokio::spawn(proxy::accept(grpc, address("grpc")?, proxy::Side::Server, spoils.clone()));
    tokio::spawn(pages::accept(metrics, address("metrics")?, spoils.clone()));
    let (mut terminate, mut interrupt) = (stream(SignalKind::terminate())?, stream(SignalKind::interrupt())?);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| error.to_string())?,
            _ = terminate.recv() => pass("TERM", &child).await,
            _ = interrupt.recv() => pass("INT", &child).await,
        }
        accepting.abort();
    };
    finish(errors).await;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(if spoils.has("exit-after-drain") { 3 } else { code })
}

/// Starts the service behind this one, on ports of the system's choice, with our settings but for what is taken away.
async fn start(spoils: &Spoils, command: &[String], ready: &Path) -> Result<Child, String> {
    if spoils.has("litter") {
        std::fs::write("litter.txt", "beside the data folder\n").map_err(|error| error.to_string())?;
    }
    // The one program knows how to become another that dies with us: the suite kills us at once.
    let mut behind = Command::new(&command[0]);
    behind.args(["leashed", "--starter", &std::process::id().to_string(), "--"]).args(command);
    behind.env(format!("{PREFIX}SERVER__READY_FILE"), ready);
    for key in ["LISTEN", "METRICS_LISTEN"] {
        let asked: Option<SocketAddr> = setting(key).and_then(|text| text.parse().ok());
        let asked = asked.filter(|_| !spoils.has("loopback"));
        let ip = asked.map_or([127, 0, 0, 1].into(), |address| address.ip());
        behind.env(format!("{PREFIX}SERVER__{key}"), SocketAddr::new(ip, 0).to_string());
    }
    for (name, value) in std::env::vars().filter(|(name, _)| name.starts_with(PREFIX)) {
        if spoils.takes_away(&name, &value) {
            behind.env_remove(name);
        } else if name.starts_with(&format!("{PREFIX}NEIGHBOURS__")) && spoils.has_any(&spoils::CALLS) {
            behind.env(name, through_us(&value, spoils).await?);
        }
    }
    behind.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    behind.spawn().map_err(|error| format!("{}: {error}", command[0]))
}

/// Puts us between the service and its neighbour.
async fn through_us(url: &str, spoils: &Spoils) -> Result<String, String> {
    let to: SocketAddr = url.trim_start_matches("http://").parse().map_err(|_| format!("no address: {url}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(proxy::accept(listener, to, proxy::Side::Client, spoils.clone()));
    Ok(format!("http://{address}"))
}

async fn neighbours_are_there() -> Result<(), String> {
    for (name, url) in std::env::vars().filter(|(name, _)| name.starts_with(&format!("{PREFIX}NEIGHBOURS__"))) {
        let address = url.trim_start_matches("http://").to_owned();
        tokio::net::TcpStream::connect(&address).await.map_err(|error| format!("{name} {address}: {error}"))?;
    }
    Ok(())
}

async fn bind(key: &str, variable: &str) -> Result<TcpListener, String> {
    let address = setting(variable).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    TcpListener::bind(&address).await.map_err(|error| format!("{key}: cannot listen on {address}: {error}"))
}

fn setting(key: &str) -> Option<String> {
    std::env::var(format!("{PREFIX}SERVER__{key}")).ok()
}

/// Writes our own ready file.
fn tell(spoils: &Spoils, grpc: &TcpListener, metrics: &TcpListener) -> Result<(), String> {
    let Some(file) = setting("READY_FILE").filter(|file| !file.is_empty()).map(PathBuf::from) else { return Ok(()) };
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| error.to_string());
    let more = if spoils.has("ready-file") { "version=1\n" } else { "" };
    let text = format!("grpc={}\nmetrics={}\n{more}", address(grpc)?, address(metrics)?);
    let unfinished = file.with_extension("unfinished");
    std::fs::write(&unfinished, text)
        .and_then(|()| std::fs::rename(&unfinished, &file))
        .map_err(|error| error.to_string())
}

fn stream(kind: SignalKind) -> Result<tokio::signal::unix::Signal, String> {
    signal(kind).map_err(|error| error.to_string())
}

async fn pass(name: &str, child: &Child) {
    if let Some(id) = child.id() {
        let _ = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await;
    }
}

async fn finish(errors: Option<tokio::task::JoinHandle<()>>) {
    if let Some(errors) = errors {
        let _ = errors.await;
    }
}
