//! Services that run, until they are drained.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use souk_contract::Caller;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::channel::Channel;
use crate::drain::{Drain, DrainSwitch};
use crate::faults::Faults;
use crate::health::{self, Board};
use crate::host::Shared;
use crate::identity::authorization;
use crate::passthrough::Passthrough;
use crate::process::Process;
use crate::service::Service;
use crate::spans::Spans;
use crate::start_error::StartError;
use crate::worker;

/// How long workers may take to end after the last request has.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(10);

/// Services that run. Drain it: when it is only dropped, its tasks go on until the runtime ends.
pub struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) metrics_addr: SocketAddr,
    pub(crate) drain_timeout: Duration,
    pub(crate) ready_file: PathBuf,
    pub(crate) common: Vec<(&'static str, String)>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) board: Board,
    pub(crate) switch: DrainSwitch,
    pub(crate) process: Arc<Process>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) accepting: Option<JoinHandle<()>>,
    pub(crate) metrics: Option<JoinHandle<()>>,
    pub(crate) background: Vec<(String, JoinHandle<()>)>,
}

impl Running {
    /// Returns where gRPC is served.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns where /metrics, /healthz and /readyz are served.
    pub fn metrics_addr(&self) -> SocketAddr {
        self.metrics_addr
    }

    /// Returns the folder of everything that is written to disk.
    pub fn data_dir(&self) -> &Path {
        &self.shared.data_dir
    }

    /// Returns the settings that every process of one shop must share, by dotted key, for those
    /// that are started from this one: how they log, where spans go, the key of tokens, the time to
    /// drain.
    pub fn common_settings(&self) -> &[(&'static str, String)] {
        &self.common
    }

    /// Writes `server.ready_file`: the process serves. The file appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn tell_ready(&self) -> Result<(), StartError> {
        if self.ready_file.as_os_str().is_empty() {
            return Ok(());
        }
        let failed = |error| {
            StartError::new(format!("server.ready_file {}: {error}", self.ready_file.display()))
        };
        let unfinished = self.ready_file.with_extension("unfinished");
        let text = format!("grpc={}\nmetrics={}\n", self.addr, self.metrics_addr);
        std::fs::write(&unfinished, text).map_err(failed)?;
        std::fs::rename(&unfinished, &self.ready_file).map_err(failed)
    }

    /// Returns the names of the services that run here.
    pub fn services(&self) -> &[&'static str] {
        &self.names
    }

    /// Returns the way to one of the services (or to a configured upstream), on which the program
    /// calls as `service:souk`, with every scope. See [`Channel::acting_as`] for others.
    pub fn channel(&self, service: &str) -> Channel {
        let exchange = self.shared.exchange.clone();
        let authorization =
            authorization(&Caller::Service("souk".to_string()), &exchange.identity_key);
        Channel::new(exchange, service, authorization)
    }

    /// Returns the services of other processes that are reached through this one's address.
    pub fn passthrough(&self) -> Passthrough {
        self.process.passthrough.clone()
    }

    /// Returns the fault points and rules of the process.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// Returns whether every service says that it can do its work.
    pub fn is_ready(&self) -> bool {
        self.board.is_ready()
    }

    /// Returns the signal that the process is going to stop.
    pub fn drain_signal(&self) -> Drain {
        self.switch.drain()
    }

    pub(crate) fn start_background(&mut self, name: &'static str, service: Service) {
        let rpcs = service.servers.iter().map(souk_contract::Server::name).collect();
        let follow =
            health::follow(name, rpcs, service.ready, self.board.clone(), self.switch.drain());
        self.background.push((format!("{name}/health"), tokio::spawn(follow)));
        for worker in service.workers {
            let label = format!("{name}/{}", worker.name);
            let running = worker::keep_running(name, worker, self.switch.drain());
            self.background.push((label, tokio::spawn(running)));
        }
    }

    /// Gives the first round of health checks a moment, so that a start is over when the shop is
    /// ready.
    pub(crate) async fn wait_until_ready(&self) {
        let until = Instant::now() + Duration::from_secs(2);
        while !self.board.is_ready() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Takes SIGTERM and SIGINT from now on, and returns what waits for one of them.
    ///
    /// Call it before [`tell_ready`](Running::tell_ready): a starter that waits for the ready file
    /// may stop the process at once, and a signal without a handler kills it.
    ///
    /// # Errors
    /// When signal handlers cannot be installed.
    pub fn stop_signal(&self) -> Result<impl Future<Output = ()> + use<>, StartError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            info!("{name}: draining");
        })
    }

    /// Stops: says NOT_SERVING, ends streams with UNAVAILABLE, finishes requests and workers,
    /// writes what is logged.
    ///
    /// # Errors
    /// Names what had not ended when the time was over.
    pub async fn drain(mut self) -> Result<(), StartError> {
        self.board.stop();
        self.switch.start();
        let until = Instant::now() + self.drain_timeout;
        let mut late = Vec::new();

        // Requests that have begun. Workers and methods may still call upstreams in this process
        // meanwhile.
        if let Some(mut accepting) = self.accepting.take()
            && tokio::time::timeout_at(until, &mut accepting).await.is_err()
        {
            // Answers that callers have not read, or requests, which are counted below.
            accepting.abort();
            warn!("connections were closed with responses that their callers had not read");
        }
        while self.process.limits.singles() > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if self.process.limits.singles() > 0 {
            late.push(format!("{} requests", self.process.limits.singles()));
        }

        // Workers were signalled at the same time, and may take longer than the last request.
        let until = until.max(Instant::now() + WORKERS_TIMEOUT);
        for (name, mut task) in std::mem::take(&mut self.background) {
            if tokio::time::timeout_at(until, &mut task).await.is_err() {
                task.abort();
                late.push(name);
            }
        }
        if let Some(metrics) = self.metrics.take() {
            metrics.abort();
        }
        let process = self.process.clone();
        // The exporter waits for its connection, which this thread may be the one to drive.
        let _ = tokio::task::spawn_blocking(move || process.spans.as_ref().map(Spans::stop)).await;
        crate::log::flush();
        if late.is_empty() {
            return Ok(());
        }
        Err(StartError::new(format!("did not end in time: {}", late.join(", "))))
    }
}
