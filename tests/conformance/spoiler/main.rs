//! A service that breaks selected sentences of docs/service-contract.md, and nothing else: it is a
//! proxy between the conformance suite and a conforming service, and changes what passes. It proves
//! that the suite sees each of these mistakes.
//!
//! `spoiler --break NAME,… -- PROGRAM ARGUMENT…`: settings come from the environment, as for every
//! process.

// It makes up errors, as no other code may.
#![allow(clippy::disallowed_methods)]

mod answers;
mod pages;
mod proxy;
mod requests;
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

/// Where a service listens that does not let the system choose.
const FIXED: [(&str, u16); 2] = [("LISTEN", 7398), ("METRICS_LISTEN", 7399)];

#[derive(Parser)]
struct Arguments {
    /// What to break.
    #[arg(long = "break", value_delimiter = ',')]
    spoils: Vec<String>,
    /// What starts the environment variables of the service.
    #[arg(long, default_value = "SOUK")]
    prefix: String,
    /// The one program.
    #[arg(long)]
    souk: PathBuf,
    /// The service that keeps everything, and what the suite adds.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let spoils = Spoils::new(arguments.spoils, &arguments.prefix);
    match run(&spoils, &arguments.souk, &arguments.command).await {
        Ok(code) => ExitCode::from(code),
        Err(line) => {
            eprintln!("souk: {line}");
            ExitCode::from(if spoils.has("address-exit") { 3 } else { 1 })
        }
    }
}

/// Runs the service behind this one until it ends, and returns the exit code.
async fn run(spoils: &Spoils, souk: &Path, command: &[String]) -> Result<u8, String> {
    if spoils.has("waits") {
        upstreams_are_there(spoils).await?;
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let ready = folder.path().join("ready");
    let mut behind = behind(spoils, souk, command, &ready).await?;
    let mut child = behind.spawn().map_err(|error| format!("{}: {error}", command[0]))?;
    let mut errors =
        child.stderr.take().map(|pipe| tokio::spawn(stderr::pass_on(spoils.clone(), pipe)));
    let mut may_move = spoils.has("unlocked");

    // It may end at once, when a setting is wrong or its folder is another's.
    let addresses = loop {
        if let Ok(text) = tokio::fs::read_to_string(&ready).await {
            break text;
        }
        if let Ok(Some(status)) = child.try_wait() {
            let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
            if code == 1 && std::mem::take(&mut may_move) {
                behind.env(spoils.variable("DATA_DIR"), folder.path().join("data"));
                child = behind.spawn().map_err(|error| format!("{}: {error}", command[0]))?;
                errors = child
                    .stderr
                    .take()
                    .map(|pipe| tokio::spawn(stderr::pass_on(spoils.clone(), pipe)));
                continue;
            }
            finish(errors).await;
            return Ok(if spoils.has("exit-code") && code == 64 { 1 } else { code });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let address = |key: &str| -> Result<SocketAddr, String> {
        let line = addresses.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let address: SocketAddr =
            line.and_then(|text| text.parse().ok()).ok_or("the service says no address")?;
        Ok(SocketAddr::new([127, 0, 0, 1].into(), address.port()))
    };
    let grpc = bind(spoils, "server.listen", "LISTEN").await?;
    let metrics = bind(spoils, "server.metrics_listen", "METRICS_LISTEN").await?;
    tell(spoils, &grpc, &metrics)?;

    let accepting =
        tokio::spawn(proxy::accept(grpc, address("grpc")?, proxy::Side::Server, spoils.clone()));
    tokio::spawn(pages::accept(metrics, address("metrics")?, spoils.clone()));
    let (mut terminate, mut interrupt) =
        (stream(SignalKind::terminate())?, stream(SignalKind::interrupt())?);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| error.to_string())?,
            _ = terminate.recv() => pass("TERM", &child).await,
            _ = interrupt.recv() => pass("INT", &child).await,
        }
        if !spoils.has("drain-accepts") {
            accepting.abort();
        }
    };
    finish(errors).await;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(if spoils.has("exit-after-drain") { 3 } else { code })
}

/// Returns how the service behind this one is started: on ports of the system's choice, with our
/// settings but for what is changed.
async fn behind(
    spoils: &Spoils,
    souk: &Path,
    command: &[String],
    ready: &Path,
) -> Result<Command, String> {
    if spoils.has("litter") {
        std::fs::write("litter.txt", "beside the data folder\n")
            .map_err(|error| error.to_string())?;
    }
    // The one program knows how to become another that dies with us: the suite kills us at once.
    let mut behind = Command::new(souk);
    behind.args(["leashed", "--starter", &std::process::id().to_string(), "--"]).args(command);
    behind.env(spoils.variable("SERVER__READY_FILE"), ready);
    for key in ["LISTEN", "METRICS_LISTEN"] {
        let asked: Option<SocketAddr> = setting(spoils, key).and_then(|text| text.parse().ok());
        let asked = asked.filter(|_| !spoils.has("loopback"));
        let ip = asked.map_or([127, 0, 0, 1].into(), |address| address.ip());
        behind.env(spoils.variable(&format!("SERVER__{key}")), SocketAddr::new(ip, 0).to_string());
    }
    for (spoil, name, value) in [
        (
            "foreign-settings",
            "SERVER__MAX_MESSAGE_BYTES",
            std::env::var("SERVER__MAX_MESSAGE_BYTES").unwrap_or_default(),
        ),
        ("defaults", "LOG__FORMAT", "json".to_owned()),
    ] {
        if spoils.has(spoil) && std::env::var_os(spoils.variable(name)).is_none() {
            behind.env(spoils.variable(name), value);
        }
    }
    for (name, value) in std::env::vars().filter(|(name, _)| name.starts_with(&spoils.variable("")))
    {
        if spoils.takes_away(&name, &value) {
            behind.env_remove(name);
        } else if name.starts_with(&spoils.variable("UPSTREAMS__"))
            && spoils.has_any(&spoils::CALLS)
        {
            behind.env(name, through_us(&value, spoils).await?);
        }
    }
    behind.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(behind)
}

/// Puts us between the service and its upstream.
async fn through_us(url: &str, spoils: &Spoils) -> Result<String, String> {
    let to: SocketAddr =
        url.trim_start_matches("http://").parse().map_err(|_| format!("no address: {url}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(proxy::accept(listener, to, proxy::Side::Client, spoils.clone()));
    Ok(format!("http://{address}"))
}

async fn upstreams_are_there(spoils: &Spoils) -> Result<(), String> {
    for (name, url) in
        std::env::vars().filter(|(name, _)| name.starts_with(&spoils.variable("UPSTREAMS__")))
    {
        let address = url.trim_start_matches("http://").to_owned();
        tokio::net::TcpStream::connect(&address)
            .await
            .map_err(|error| format!("{name} {address}: {error}"))?;
    }
    Ok(())
}

async fn bind(spoils: &Spoils, key: &str, variable: &str) -> Result<TcpListener, String> {
    let asked =
        |variable: &str| setting(spoils, variable).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let mut address = asked(variable);
    let may_choose = FIXED.iter().all(|(name, _)| asked(name).ends_with(":0"));
    if let Some((_, port)) = FIXED.iter().find(|(name, _)| *name == variable)
        && spoils.has("fixed-ports")
        && may_choose
    {
        address = format!("{}:{port}", address.trim_end_matches(":0"));
    }
    TcpListener::bind(&address)
        .await
        .map_err(|error| format!("{key}: cannot listen on {address}: {error}"))
}

fn setting(spoils: &Spoils, key: &str) -> Option<String> {
    std::env::var(spoils.variable(&format!("SERVER__{key}"))).ok()
}

/// Writes our own ready file.
fn tell(spoils: &Spoils, grpc: &TcpListener, metrics: &TcpListener) -> Result<(), String> {
    let Some(file) =
        setting(spoils, "READY_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
    else {
        return Ok(());
    };
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
    answers::drain();
    if let Some(id) = child.id() {
        let _ = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await;
    }
}

async fn finish(errors: Option<tokio::task::JoinHandle<()>>) {
    if let Some(errors) = errors {
        let _ = errors.await;
    }
}
