//! Keeps one service in another language running: prepares its environment, starts it, retries both
//! with a backoff, and stops it with the shop.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use prost_reflect::DescriptorPool;
use souk_chassis::{Caller, Channel, Passthrough, Running};
use souk_manifest::{CannotRun, Launch, Manifest};
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use crate::descriptors;
use crate::foreign::environment::{reachable, ready_file};
use crate::foreign::output::Output;
use crate::foreign::process::{Process, Starter};
use crate::leash;

// One program restarts its own: these pauses need no jitter, and are said in the log.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Preparing an environment is expensive, and its failures, such as an unreachable registry, last
/// longer.
const FIRST_PREPARE_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PREPARE_PAUSE: Duration = Duration::from_secs(300);
/// A service that ran this long before it died restarts after the first pause.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// The exit code for an invalid setting: retrying does not help.
const WRONG_SETTING: i32 = 64;

/// One service and how it is started.
pub struct Supervisor {
    manifest: Manifest,
    launch: Launch,
    starter: Starter,
    output: Output,
    ready: PathBuf,
    drain: Duration,
    passthrough: Passthrough,
}

impl Supervisor {
    /// Creates the supervisor of a service; nothing happens before [`run`](Self::run).
    pub fn new(
        manifest: Manifest,
        launch: Launch,
        starter: Starter,
        running: &Running,
    ) -> Supervisor {
        let common = |wanted: &str| {
            let found = running.common_settings().iter().find(|(key, _)| *key == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        let output = Output::new(&manifest.name, common("log.format") == "json");
        let drain = Duration::from_secs(common("server.drain_seconds").parse().unwrap_or(10));
        let ready = ready_file(&manifest, running);
        let passthrough = running.passthrough();
        Supervisor { manifest, launch, starter, output, ready, drain, passthrough }
    }

    /// Keeps the service running until `stop` is true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let stop = &mut stop;
        let name = &self.manifest.name;
        if !self.becomes_prepared(stop).await {
            return;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            let Some(how) = self.live(stop).await else { return };
            if started.elapsed() >= HEALTHY_AFTER {
                pause = FIRST_PAUSE;
            }
            warn!(service = name, "{name} {how} and restarts in {pause:?}");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = stopped(stop) => return,
            }
        }
    }

    /// Prepares the environment, with retries while the failure may be temporary. Returns whether
    /// it is prepared.
    async fn becomes_prepared(&self, stop: &mut watch::Receiver<bool>) -> bool {
        let name = &self.manifest.name;
        let summary = &self.manifest.summary;
        let mut pause = FIRST_PREPARE_PAUSE;
        loop {
            let prepared = tokio::select! {
                prepared = self.prepare() => prepared,
                () = stopped(stop) => return false,
            };
            let Err(why) = prepared else { return true };
            if !why.may_pass() {
                error!(service = name, "{name} is off: {summary}, because {why}");
                return false;
            }
            warn!(
                service = name,
                "{name} is off: {summary}, because {why}; the next attempt is in {pause:?}"
            );
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PREPARE_PAUSE),
                () = stopped(stop) => return false,
            }
        }
    }

    /// Prepares the environment, in a thread that lives as long as the steps do.
    async fn prepare(&self) -> Result<(), CannotRun> {
        let manifest = self.manifest.clone();
        let output = self.output.clone();
        let (done, outcome) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("prepare-{}", manifest.name));
        thread.spawn(move || {
            let _ = done.send(manifest.prepare(&leash::wrapper(), &mut |line| output.line(line)));
        })?;
        outcome.await.unwrap_or_else(|_| {
            Err(CannotRun::Files(std::io::Error::other("the preparation was interrupted")))
        })
    }

    /// Runs the service once. Returns how it ended, or nothing when it must not be started again.
    async fn live(&self, stop: &mut watch::Receiver<bool>) -> Option<String> {
        let name = &self.manifest.name;
        let _ = std::fs::remove_file(&self.ready);
        let mut process =
            match self.starter.spawn(self.manifest.command(&self.launch), &self.output).await {
                Ok(process) => process,
                Err(error) => return Some(format!("cannot be started ({error})")),
            };
        let ready = self.becomes_ready();
        tokio::pin!(ready);
        let mut is_ready = false;
        let status = loop {
            tokio::select! {
                status = process.ended() => break status,
                () = &mut ready, if !is_ready => is_ready = true,
                () = stopped(stop) => {
                    self.stop(process).await;
                    return None;
                }
            }
        };
        match status {
            Ok(status) if status.code() == Some(WRONG_SETTING) => {
                let why = self.output.last();
                error!(
                    service = name,
                    "{name} is off: {}, because of a wrong setting: {why}", self.manifest.summary
                );
                None
            }
            Ok(status) => Some(format!("ended ({status})")),
            Err(error) => Some(format!("ended ({error})")),
        }
    }

    /// Once it is ready, logs where it serves and makes the shop's address reach it.
    async fn becomes_ready(&self) {
        while !self.ready.exists() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let name = &self.manifest.name;
        let address = self.manifest.listen;
        info!(service = name, "{name} serves on {address}");
        match self.described().await {
            Ok(unknown) if unknown.is_empty() => {}
            Ok(unknown) => {
                let unknown = unknown.join(", ");
                warn!(service = name, "the reflection of {name} does not describe {unknown}");
            }
            Err(why) => {
                let what = "does not describe itself by reflection";
                warn!(
                    service = name,
                    "{name} {what}, so the shop's address does not reach it: {why}"
                );
            }
        }
    }

    /// Makes the shop's address reach the service as it describes itself. Returns what it does not
    /// describe of what its manifest names, and the contract does not describe either.
    async fn described(&self) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        let address = format!("http://{}", reachable(self.manifest.listen));
        // Reflection is for everybody: a token of the shop is nothing for another team's process.
        let process = Channel::to(&address, &Caller::Anonymous, &souk_client::CONTRACT);
        let process = process.map_err(|error| error.to_string())?;
        let manifest = &self.manifest;
        let contract = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET)?;
        let is_new = |event: &&String| contract.get_message_by_name(event).is_none();
        let events = manifest.publishes.iter().filter(is_new);
        let named: Vec<String> = manifest.services.iter().chain(events).cloned().collect();
        let described = descriptors::of(&process, &named).await?;
        let files: Vec<Vec<u8>> = described.files.into_values().collect();
        self.passthrough.describe(&manifest.name, &files)?;
        Ok(described.unknown)
    }

    async fn stop(&self, mut process: Process) {
        process.terminate();
        if tokio::time::timeout(self.drain, process.ended()).await.is_err() {
            let name = &self.manifest.name;
            warn!(service = name, "{name} did not stop within {:?} and is killed", self.drain);
            process.kill();
            let _ = process.ended().await;
        }
    }
}

/// Waits until the shop stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the shop is gone, which also stops the service.
    let _ = stop.wait_for(|stop| *stop).await;
}
