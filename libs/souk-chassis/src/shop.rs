//! Runs services: one alone or several as one program, on one listener, as neighbours that call each other directly.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::builtin::{self, Builtin};
use crate::caller::Caller;
use crate::channel::Channel;
use crate::config::{Config, Settings, Sources};
use crate::definition::{Definition, StartError};
use crate::drain::{Drain, DrainSwitch};
use crate::exchange::Exchange;
use crate::faults::Faults;
use crate::health::{self, Board};
use crate::host::{Host, Shared};
use crate::identity::{DEVELOPMENT_KEY, Verifier};
use crate::limits::Limits;
use crate::metrics_server::{self, Pages};
use crate::process::{Method, Process};
use crate::red::Calls;
use crate::remote::Endpoints;
use crate::service::Service;
use crate::spans::Spans;
use crate::{listen, telemetry, worker};

/// How long workers may take to end after the last request has.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(10);

/// How a process is run: its name, and where its settings come from.
#[derive(Clone, Debug)]
pub struct Options {
    program: String,
    file: Option<PathBuf>,
    environment: Vec<(String, String)>,
    overrides: Vec<(String, String)>,
}

impl Options {
    /// Starts with the program's name, which is the prefix of its environment variables, and the present environment.
    pub fn new(program: &str) -> Self {
        let utf8 = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((key.into_string().ok()?, value.into_string().ok()?))
        };
        let environment = std::env::vars_os().filter_map(utf8).collect();
        Options { program: program.to_string(), file: None, environment, overrides: Vec::new() }
    }

    /// Reads a configuration file (TOML) over the defaults.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Replaces the environment, so that a test depends on its own settings only.
    #[must_use]
    pub fn environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.environment = variables.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect();
        self
    }

    /// Sets one setting by its dotted key (`server.listen`, `orders.data.url`); it wins over file and environment.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.overrides.push((key.to_string(), value.to_string()));
        self
    }
}

/// Services that will run in one process.
pub struct Shop {
    options: Options,
    definitions: Vec<Definition>,
}

impl Shop {
    /// Starts with nothing in it.
    pub fn new(options: Options) -> Self {
        Shop { options, definitions: Vec::new() }
    }

    /// Adds a service.
    #[must_use]
    pub fn with(mut self, definition: Definition) -> Self {
        self.definitions.push(definition);
        self
    }

    /// Checks all settings without starting anything.
    ///
    /// # Errors
    /// The first setting that is unknown or wrong.
    pub fn check(&self) -> Result<(), StartError> {
        let config = self.config()?;
        config.settings()?;
        for definition in &self.definitions {
            let _build = definition.prepare(&config)?;
        }
        Ok(())
    }

    fn config(&self) -> Result<Config, StartError> {
        let services: Vec<_> = self.definitions.iter().map(|one| (one.name, one.default_config)).collect();
        let sources = Sources {
            program: &self.options.program,
            services: &services,
            file: self.options.file.as_deref(),
            environment: self.options.environment.clone(),
            overrides: &self.options.overrides,
        };
        Ok(Config::load(&sources)?)
    }

    /// Configures, builds (which migrates), binds and serves; returns when requests are accepted.
    ///
    /// # Errors
    /// A wrong setting before anything is touched; then whatever a service fails at, or an address that is taken.
    pub async fn start(self) -> Result<Running, StartError> {
        // Configure: every setting of every service is checked before the first of them does anything.
        let config = self.config()?;
        let settings = config.settings()?;
        let mut builds = Vec::new();
        for definition in &self.definitions {
            builds.push((definition.name, definition.prepare(&config)?));
        }
        let key = match settings.identity.development_key.as_str() {
            "" => DEVELOPMENT_KEY.to_string(),
            key => key.to_string(),
        };
        let most = settings.server.max_message_bytes;
        if most == 0 || most as usize > souk_contract::MAX_MESSAGE_BYTES {
            let allowed = format!("must be 1 to {}", souk_contract::MAX_MESSAGE_BYTES);
            return Err(StartError::configuration("server.max_message_bytes", &most.to_string(), &allowed));
        }
        let mut remote = HashMap::new();
        for (name, addresses) in &settings.neighbours {
            remote.insert(name.clone(), Arc::new(Endpoints::new(name, addresses)?));
        }

        // Telemetry.
        let requests = telemetry::start(&settings.log)?;
        let spans = match settings.telemetry.otlp_endpoint.as_str() {
            "" => None,
            endpoint => Some(Spans::start(endpoint, &self.options.program)?),
        };
        let own = metrics_server::recorder();

        // Build: opens databases and migrates them.
        std::fs::create_dir_all(&settings.data_dir)
            .map_err(|error| StartError::new(format!("data_dir {}: {error}", settings.data_dir.display())))?;
        let switch = DrainSwitch::new();
        let exchange = Exchange::new(self.definitions.iter().map(Definition::name).collect(), remote, key.clone());
        let shared = Arc::new(Shared {
            exchange: exchange.clone(),
            data_dir: settings.data_dir.clone(),
            faults: Faults::new(settings.faults.enabled),
            drain: switch.drain(),
            max_message_bytes: most as usize,
        });
        let mut services = Vec::new();
        for (name, build) in builds {
            let host = Host { name, shared: shared.clone() };
            let service = build(host).await.map_err(|error| error.during(name))?;
            services.push((name, service));
        }
        exchange.set_contracts(services.iter().map(|(_, service)| service.contract));

        // Bind.
        let listener = listen::bind("server.listen", settings.server.listen).await?;
        let metrics_listener = listen::bind("server.metrics_listen", settings.server.metrics_listen).await?;
        let (addr, metrics_addr) = (listener.local_addr()?, metrics_listener.local_addr()?);

        // Serve.
        let board = Board::new(services.iter().flat_map(|(_, service)| service.rpcs.iter().map(|(name, _)| *name)));
        let is_loopback = addr.ip().is_loopback();
        let process = Arc::new(Process {
            methods: methods(&services, &board, &shared.faults, is_loopback)?,
            unknown: Calls::default(),
            verifier: Verifier::new(&key),
            is_loopback,
            limits: limits(&settings),
            max_message_bytes: shared.max_message_bytes,
            drain: switch.drain(),
            faults: shared.faults.clone(),
            requests,
            spans,
        });
        exchange.set_process(process.clone());
        let mut running = Running {
            addr,
            metrics_addr,
            drain_timeout: Duration::from_secs(settings.server.drain_seconds.into()),
            shared,
            board: board.clone(),
            switch,
            process: process.clone(),
            names: services.iter().map(|(name, _)| *name).collect(),
            accepting: None,
            metrics: None,
            background: Vec::new(),
        };
        running.accepting =
            Some(tokio::spawn(listen::accept_forever(listener, process.clone(), running.drain_signal())));
        let pages = Arc::new(Pages { process, exchange, board, own });
        running.metrics = Some(tokio::spawn(metrics_server::serve(metrics_listener, pages)));
        for (name, service) in services {
            running.start_background(name, service);
        }
        running.wait_until_ready().await;
        info!("{} serves {} on {addr}, metrics on {metrics_addr}", self.options.program, running.names.join(", "));
        Ok(running)
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits::new(settings.server.max_requests as usize, settings.server.max_streams_per_caller as usize)
}

/// Makes the table of all methods that are served: the services' own, and what every process offers.
fn methods(
    services: &[(&'static str, Service)],
    board: &Board,
    faults: &Faults,
    is_loopback: bool,
) -> Result<HashMap<&'static str, Arc<Method>>, StartError> {
    let mut table = HashMap::new();
    let mut names = vec!["grpc.health.v1.Health"];
    let mut descriptors: Vec<&[u8]> = Vec::new();
    for (owner, service) in services {
        if !descriptors.iter().any(|known| std::ptr::eq(*known, service.contract.descriptors)) {
            descriptors.push(service.contract.descriptors);
        }
        for (name, rpc) in &service.rpcs {
            names.push(name);
            let mut is_known = false;
            for policy in service.contract.methods_of(name) {
                is_known = true;
                let calls = Calls::default();
                let method = Method { policy, owner, rpc: rpc.clone(), calls, is_background: false };
                if table.insert(policy.path, Arc::new(method)).is_some() {
                    return Err(StartError::new(format!("{owner}: {} is served twice", policy.path)));
                }
            }
            if !is_known {
                return Err(StartError::new(format!("{owner}: {name} does not stand in its contract")));
            }
        }
    }
    let mut builtins = vec![builtin::health(board.clone())];
    if faults.is_enabled() && is_loopback {
        names.push("souk.chassis.v1.FaultService");
        builtins.push(builtin::faults(faults.clone()));
    } else if faults.is_enabled() {
        warn!("faults.enabled is set, but faults are offered on loopback addresses only");
    }
    builtins.extend(builtin::reflection(&names, &descriptors)?);
    for Builtin { rpc, methods } in builtins {
        for policy in methods {
            let calls = Calls::default();
            let method = Method { policy, owner: "chassis", rpc: rpc.clone(), calls, is_background: true };
            table.insert(policy.path, Arc::new(method));
        }
    }
    Ok(table)
}

/// Services that run. Drain it: when it is only dropped, its tasks go on until the runtime ends.
pub struct Running {
    addr: SocketAddr,
    metrics_addr: SocketAddr,
    drain_timeout: Duration,
    shared: Arc<Shared>,
    board: Board,
    switch: DrainSwitch,
    process: Arc<Process>,
    names: Vec<&'static str>,
    accepting: Option<JoinHandle<()>>,
    metrics: Option<JoinHandle<()>>,
    background: Vec<(String, JoinHandle<()>)>,
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

    /// Returns the names of the services that run here.
    pub fn services(&self) -> &[&'static str] {
        &self.names
    }

    /// Returns the way to one of the services (or to a configured neighbour), on which the program calls as
    /// `service:souk`. See [`Channel::acting_as`] for others.
    pub fn channel(&self, service: &str) -> Channel {
        Channel::new(self.shared.exchange.clone(), service, &Caller::Service("souk".to_string()))
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

    fn start_background(&mut self, name: &'static str, service: Service) {
        let rpcs = service.rpcs.iter().map(|(name, _)| *name).collect();
        let follow = health::follow(name, rpcs, service.ready, self.board.clone(), self.switch.drain());
        self.background.push((format!("{name}/health"), tokio::spawn(follow)));
        for worker in service.workers {
            let label = format!("{name}/{}", worker.name);
            let running = worker::keep_running(name, worker, self.switch.drain());
            self.background.push((label, tokio::spawn(running)));
        }
    }

    /// Gives the first round of health checks a moment, so that a start is over when the shop is ready.
    async fn wait_until_ready(&self) {
        let until = Instant::now() + Duration::from_secs(2);
        while !self.board.is_ready() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits for SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When the system refuses to tell about signals.
    pub async fn stop_signal(&self) -> Result<(), StartError> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!("{name}: draining");
        Ok(())
    }

    /// Stops: says NOT_SERVING, ends streams with UNAVAILABLE, finishes requests and workers, writes what is logged.
    ///
    /// # Errors
    /// Names what had not ended when the time was over.
    pub async fn drain(mut self) -> Result<(), StartError> {
        self.board.stop();
        self.switch.start();
        let until = Instant::now() + self.drain_timeout;
        let mut late = Vec::new();

        // Requests that have begun. Workers and methods may still call neighbours in this process meanwhile.
        if let Some(mut accepting) = self.accepting.take()
            && tokio::time::timeout_at(until, &mut accepting).await.is_err()
        {
            accepting.abort();
            late.push("connections".to_string());
        }
        while self.process.limits.singles() > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if self.process.limits.singles() > 0 {
            late.push(format!("{} requests", self.process.limits.singles()));
        }

        // Workers have been told at the same time, and may take longer than the last request.
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
        if let Some(spans) = &self.process.spans {
            spans.stop();
        }
        crate::log::flush();
        if late.is_empty() {
            return Ok(());
        }
        Err(StartError::new(format!("did not end in time: {}", late.join(", "))))
    }
}
