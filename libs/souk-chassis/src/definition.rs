//! The one value that a service is: its name, its settings and how it is built.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::config::{Config, ConfigError};
use crate::host::Host;
use crate::service::Service;
use crate::start_error::StartError;

/// A service before it runs.
#[derive(Clone)]
pub struct Definition {
    pub(crate) name: &'static str,
    pub(crate) default_config: &'static str,
    pub(crate) scopes: &'static [&'static str],
    prepare: Arc<Prepare>,
}

/// Reads the settings of a service, before anything is built.
type Prepare = dyn Fn(&Config) -> Result<Build, ConfigError> + Send + Sync;

/// Builds a service whose settings have been read.
pub(crate) type Build = Box<
    dyn FnOnce(Host) -> Pin<Box<dyn Future<Output = Result<Service, StartError>> + Send>> + Send,
>;

impl Definition {
    /// Defines the service called `name`.
    ///
    /// `default_config` is its config.default.toml: every setting with its value and a comment; a
    /// setting that is not there does not exist. `build` opens the database (and so migrates it)
    /// and assembles the service; it may take channels to its upstreams but not call them yet.
    pub fn new<C, F, Fut>(name: &'static str, default_config: &'static str, build: F) -> Definition
    where
        C: DeserializeOwned + Send + 'static,
        F: Fn(C, Host) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Service, StartError>> + Send + 'static,
    {
        let prepare = Arc::new(move |config: &Config| -> Result<Build, ConfigError> {
            let own: C = config.service(name)?;
            let build = build.clone();
            Ok(Box::new(move |host| Box::pin(build(own, host))))
        });
        Definition { name, default_config, scopes: &[], prepare }
    }

    /// Lists the scopes that the service asks for: those of the methods that it calls. Its manifest
    /// lists the same.
    #[must_use]
    pub fn scopes(mut self, scopes: &'static [&'static str]) -> Definition {
        self.scopes = scopes;
        self
    }

    /// Returns the scopes that the service asks for.
    pub fn asks_for(&self) -> &'static [&'static str] {
        self.scopes
    }

    /// Returns the name of the service.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the text of its config.default.toml.
    pub fn default_config(&self) -> &'static str {
        self.default_config
    }

    pub(crate) fn prepare(&self, config: &Config) -> Result<Build, ConfigError> {
        (self.prepare)(config)
    }
}
