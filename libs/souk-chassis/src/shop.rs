//! Runs services: one alone or several as one program, on one listener, as upstreams that call each
//! other directly.

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use crate::config::{Config, Settings, Sources};
use crate::decoding_budget::DecodingBudget;
use crate::definition::Definition;
use crate::drain::DrainSwitch;
use crate::exchange::Exchange;
use crate::faults::Faults;
use crate::health::Board;
use crate::host::{Host, Shared};
use crate::identity::{DEVELOPMENT_KEY, Tokens, Verifier};
use crate::limits::Limits;
use crate::log::Format;
use crate::metrics_server::{self, Pages};
use crate::options::Options;
use crate::passthrough::Passthrough;
use crate::peers::{Peers, Shares};
use crate::process::Process;
use crate::red::Calls;
use crate::remote::Endpoints;
use crate::running::Running;
use crate::spans::Spans;
use crate::start_error::StartError;
use crate::{listen, methods, telemetry};

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

    /// Returns the folder of the databases as the settings have it; it need not be there yet.
    ///
    /// # Errors
    /// The first setting that is unknown or wrong.
    pub fn data_dir(&self) -> Result<std::path::PathBuf, StartError> {
        Ok(self.config()?.settings()?.data_dir)
    }

    fn config(&self) -> Result<Config, StartError> {
        let services: Vec<_> =
            self.definitions.iter().map(|one| (one.name, one.default_config)).collect();
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
    /// A wrong setting before anything is touched; then whatever a service fails at, or an address
    /// that is taken.
    pub async fn start(self) -> Result<Running, StartError> {
        // Configure: every setting of every service is checked before the first of them does
        // anything.
        let config = self.config()?;
        let settings = config.settings()?;
        let mut builds = Vec::new();
        for definition in &self.definitions {
            builds.push((definition.name, definition.scopes, definition.prepare(&config)?));
        }
        let key = match settings.identity.development_key.as_str() {
            "" => DEVELOPMENT_KEY.to_string(),
            key => key.to_string(),
        };
        let most = settings.server.max_message_bytes;
        if most == 0 || most as usize > souk_contract::MAX_MESSAGE_BYTES {
            let allowed = format!("must be 1 to {}", souk_contract::MAX_MESSAGE_BYTES);
            return Err(StartError::configuration(
                "server.max_message_bytes",
                &most.to_string(),
                &allowed,
            ));
        }
        let most_at_once = settings.server.max_decoding_bytes;
        if most_at_once < most {
            let allowed = format!("must be server.max_message_bytes ({most}) at least");
            return Err(StartError::configuration(
                "server.max_decoding_bytes",
                &most_at_once.to_string(),
                &allowed,
            ));
        }
        let mut remote = HashMap::new();
        for (name, addresses) in &settings.upstreams {
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
        // For this user alone.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir).map_err(
            |error| StartError::new(format!("data_dir {}: {error}", settings.data_dir.display())),
        )?;
        let switch = DrainSwitch::new();
        let exchange = Exchange::new(
            self.definitions.iter().map(Definition::name).collect(),
            remote.clone(),
            key.clone(),
        );
        let shared = Arc::new(Shared {
            exchange: exchange.clone(),
            data_dir: settings.data_dir.clone(),
            faults: Faults::new(settings.faults.enabled),
            drain: switch.drain(),
            clock: self.options.clock.clone(),
            tokens: Tokens {
                verifier: Arc::new(Verifier::new(&key, self.options.clock.clone())),
                development_tokens: settings.server.listen.ip().is_loopback(),
            },
        });
        let mut services = Vec::new();
        for (name, scopes, build) in builds {
            let host = Host { name, scopes, shared: shared.clone() };
            let service = build(host).await.map_err(|error| error.during(name))?;
            services.push((name, service));
        }
        exchange.set_contracts(services.iter().map(|(_, service)| service.contract));

        // Bind.
        let listener = listen::bind("server.listen", settings.server.listen).await?;
        let metrics_listener =
            listen::bind("server.metrics_listen", settings.server.metrics_listen).await?;
        let addr = listener.local_addr()?;
        let metrics_addr = metrics_listener.local_addr()?;

        // Serve.
        let board = Board::new(
            services
                .iter()
                .flat_map(|(_, service)| service.servers.iter().map(souk_contract::Server::name)),
        );
        let is_loopback = addr.ip().is_loopback();
        let index = Arc::default();
        let passthrough = Passthrough::new(remote, spans.clone(), Arc::clone(&index));
        let process = Arc::new(Process {
            methods: methods::table(&services, &board, &shared.faults, is_loopback, &index)?,
            passthrough,
            unknown: Calls::default(),
            verifier: shared.tokens.verifier.clone(),
            is_loopback,
            limits: limits(&settings),
            peers: Peers::new(shares(&settings)?),
            max_message_bytes: most as usize,
            decoding: DecodingBudget::new(most_at_once as usize, most as usize),
            drain: switch.drain(),
            faults: shared.faults.clone(),
            requests,
            spans,
        });
        exchange.set_process(&process);
        let mut running = Running {
            addr,
            metrics_addr,
            drain_timeout: Duration::from_secs(settings.server.drain_seconds.into()),
            ready_file: settings.server.ready_file.clone(),
            common: common(&settings, &key),
            shared,
            board: board.clone(),
            switch,
            process: process.clone(),
            names: services.iter().map(|(name, _)| *name).collect(),
            accepting: None,
            metrics: None,
            background: Vec::new(),
        };
        running.accepting = Some(tokio::spawn(listen::accept_forever(
            listener,
            process.clone(),
            running.drain_signal(),
        )));
        let pages = Arc::new(Pages { process, exchange, board, own });
        running.metrics = Some(tokio::spawn(metrics_server::serve(metrics_listener, pages)));
        for (name, service) in services {
            running.start_background(name, service);
        }
        running.wait_until_ready().await;
        info!(
            "{} serves {} on {addr}, metrics on {metrics_addr}",
            self.options.program,
            running.names.join(", ")
        );
        Ok(running)
    }
}

/// Returns the settings that every process of one shop must share, for those that are started from
/// this one.
fn common(settings: &Settings, key: &str) -> Vec<(&'static str, String)> {
    let format = if settings.log.format == Format::Json { "json" } else { "text" };
    // Finer levels are by module, which means nothing to others.
    let level =
        settings.log.level.split(',').find(|part| !part.contains('=')).unwrap_or("info").trim();
    vec![
        ("log.format", format.to_string()),
        ("log.level", level.to_string()),
        ("telemetry.otlp_endpoint", settings.telemetry.otlp_endpoint.clone()),
        ("identity.development_key", key.to_string()),
        ("server.drain_seconds", settings.server.drain_seconds.to_string()),
    ]
}

fn shares(settings: &Settings) -> Result<Shares, StartError> {
    let server = &settings.server;
    Ok(Shares {
        max_connections: server.max_connections as usize,
        max_connections_per_peer: server.max_connections_per_peer as usize,
        max_requests_per_connection: server.max_requests_per_connection as usize,
        max_requests_per_peer: server.max_requests_per_peer as usize,
        max_unsent_bytes_per_peer: server.max_unsent_bytes_per_peer as usize,
        send_time: Duration::from_secs(server.send_seconds.into()),
        trusted_proxies: server.trusted_proxies()?,
    })
}

fn limits(settings: &Settings) -> Limits {
    Limits::new(
        settings.server.max_requests as usize,
        settings.server.max_streams_per_caller as usize,
    )
}
