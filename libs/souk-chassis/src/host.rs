//! What a service is built with: its name, its folder, its upstreams.

use std::path::Path;
use std::sync::Arc;

use souk_contract::Caller;
use souk_types::Clock;

use crate::channel::Channel;
use crate::drain::Drain;
use crate::exchange::Exchange;
use crate::faults::Faults;
use crate::identity::{Tokens, authorization_with};

/// The process as one of its services sees it. Cloning is cheap.
#[derive(Clone)]
pub struct Host {
    pub(crate) name: &'static str,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) data_dir: std::path::PathBuf,
    pub(crate) faults: Faults,
    pub(crate) drain: Drain,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
}

impl Host {
    /// Returns the name of the service that is being built.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the way to an upstream, on which this service calls as itself, with the scopes of
    /// its [`Definition`](crate::Definition::scopes).
    ///
    /// It may be taken before the upstream is there; calls made until then, and calls to a name
    /// that is neither in this process nor under `[upstreams]`, fail with UNAVAILABLE and
    /// ERROR_REASON_UPSTREAM_UNAVAILABLE.
    pub fn channel(&self, upstream: &str) -> Channel {
        let exchange = self.shared.exchange.clone();
        let own = Caller::Service(self.name.to_string());
        let authorization = authorization_with(&own, self.scopes, &exchange.identity_key);
        Channel::new(exchange, upstream, authorization)
    }

    /// Returns the names of the services that have an address under `[upstreams]`, sorted.
    pub fn upstreams(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.shared.exchange.remote.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Returns the folder for everything that is written to disk. It exists.
    pub fn data_dir(&self) -> &Path {
        &self.shared.data_dir
    }

    /// Returns the fault points of the process.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// Returns the signal that the process is going to stop.
    pub fn drain(&self) -> Drain {
        self.shared.drain.clone()
    }

    /// Returns what verifies a token that a request carries beside its own.
    pub fn tokens(&self) -> Tokens {
        self.shared.tokens.clone()
    }

    /// Returns the clock of the process: the machine's own, or one that a test moves.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }
}
