//! The services in other languages: found by their manifests, started beside the shop, kept
//! running, stopped with it.
//!
//! The shop never waits for one of them. A service that cannot run here is left out with a message;
//! so is one in Rust that was added after this program was built.

mod environment;
mod output;
mod process;
mod supervisor;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use souk_chassis::{Options, Running, StartError};
use souk_contract::EVERY_SCOPE;
use souk_manifest::{Language, Manifest, find};
use tokio::task::JoinHandle;

use crate::foreign::process::Starter;
use crate::foreign::supervisor::Supervisor;
use crate::{packaged, parts};

/// Where manifests are searched for by default, when the folder exists.
const FOLDER: &str = "services";

/// The services in other languages that are part of the shop: they are granted what they ask for.
const OWN: [&str; 2] = ["notifications", "recommendations"];

/// A service of another language, before it is started.
pub struct Foreign {
    manifest: Manifest,
    /// Why it cannot run, if that is known.
    off: Option<String>,
    /// Whether it only needs to be started.
    is_prepared: bool,
    /// The scopes of the token with which it calls others.
    granted: Vec<String>,
}

/// Finds the services in a folder that are not part of this program: the configured one, else the
/// one here, else those of the package that this program comes from.
///
/// # Errors
/// A configured folder that cannot be read, an invalid manifest, or a package whose services cannot
/// be copied to the user's cache.
pub fn search(folder: Option<&str>) -> Result<Vec<Foreign>, StartError> {
    let folder = match folder {
        Some("") => return Ok(Vec::new()),
        Some(folder) => PathBuf::from(folder),
        None if Path::new(FOLDER).is_dir() => PathBuf::from(FOLDER),
        None => match packaged::root()? {
            Some(root) => root.join(FOLDER),
            None => return Ok(Vec::new()),
        },
    };
    let wrong = |why: String| {
        StartError::configuration("--services-dir", &folder.display().to_string(), &why)
    };
    let mut found = Vec::new();
    for manifest in find(&folder).map_err(|error| wrong(error.to_string()))? {
        let manifest = manifest.map_err(|error| wrong(error.to_string()))?;
        match manifest.language {
            Language::Rust if parts::names().contains(&manifest.name.as_str()) => {}
            Language::Rust => found.push(Foreign::not_built_in(manifest)),
            Language::Other => found.push(Foreign::new(manifest)?),
        }
    }
    Ok(found)
}

/// Grants scopes to services of other teams.
///
/// # Errors
/// A name that none of them has.
pub fn grant(services: &mut [Foreign], grants: &[(String, Vec<String>)]) -> Result<(), StartError> {
    for (name, scopes) in grants {
        let names: Vec<String> = services.iter().map(|one| one.name().to_owned()).collect();
        let Some(service) = services.iter_mut().find(|one| one.name() == name) else {
            let there = if names.is_empty() {
                "there is none here".to_owned()
            } else {
                format!("choose from {}", names.join(", "))
            };
            let allowed = format!(
                "is not a service in another language; {there} (services in Rust have what they ask for)"
            );
            return Err(StartError::configuration("--grant", name, &allowed));
        };
        service.granted.extend(scopes.iter().cloned());
    }
    Ok(())
}

impl Foreign {
    fn new(mut manifest: Manifest) -> Result<Foreign, StartError> {
        // Its own environment variables take precedence, even for "any free port".
        for (key, address) in [
            ("server.listen", &mut manifest.listen),
            ("server.metrics_listen", &mut manifest.metrics_listen),
        ] {
            let variable = manifest_variable(&manifest.name, key);
            if let Ok(text) = std::env::var(&variable) {
                let wrong =
                    |_| StartError::configuration(&variable, &text, "must be like 127.0.0.1:7410");
                *address = text.parse().map_err(wrong)?;
            }
            if address.port() == 0 {
                *address = free_port(*address)?;
            }
        }
        let off = manifest.check_installed().err().map(|why| why.to_string());
        let is_prepared = manifest.is_prepared();
        let is_own = OWN.contains(&manifest.name.as_str());
        let granted = if is_own { manifest.scopes.clone() } else { Vec::new() };
        Ok(Foreign { manifest, off, is_prepared, granted })
    }

    fn not_built_in(manifest: Manifest) -> Foreign {
        let off =
            Some("this program was built without it; `cargo souk up` builds it in".to_owned());
        Foreign { manifest, off, is_prepared: false, granted: Vec::new() }
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Returns its name and its address, if it will be started.
    pub fn place(&self) -> Option<(String, SocketAddr)> {
        self.can_run().then(|| (self.name().to_owned(), self.manifest.listen))
    }

    /// Returns whether it will be started.
    pub fn can_run(&self) -> bool {
        self.off.is_none()
    }

    /// Sets its address in the options of the shop.
    pub fn as_upstream(&self, options: Options) -> Options {
        match self.off {
            Some(_) => options,
            None => options.set(
                &format!("upstreams.{}", self.name()),
                format!("http://{}", self.manifest.listen),
            ),
        }
    }

    /// Assumes the shop listens on this address. Development tokens, the only kind, are accepted on
    /// loopback addresses only, so a service cannot call a shop that listens on another one.
    #[must_use]
    pub fn beside(mut self, shop: SocketAddr) -> Foreign {
        if self.off.is_none() && !shop.ip().is_loopback() {
            let why = format!(
                "it would call the shop with a development token, which {shop} refuses because it is not a loopback address"
            );
            self.off = Some(why);
        }
        self
    }

    /// Returns the scopes that it asks for and is not granted.
    fn lacks(&self) -> Vec<&str> {
        let is_granted = |scope: &str| {
            self.granted.iter().any(|granted| granted == scope || granted == EVERY_SCOPE)
        };
        let asked = self.manifest.scopes.iter().map(String::as_str);
        asked.filter(|scope| !is_granted(scope)).collect()
    }

    /// Returns its line of the welcome text.
    pub fn welcome(&self) -> String {
        let name = self.name();
        let summary = &self.manifest.summary;
        match &self.off {
            Some(why) => format!("  off       {name}: {summary}, because {why}\n"),
            None => {
                let state = if self.is_prepared {
                    "starting"
                } else {
                    "being prepared, which takes some minutes the first time"
                };
                let lacks = self.lacks().join(",");
                let hint = if lacks.is_empty() {
                    String::new()
                } else {
                    format!("            {name} lacks scopes: --grant {name}={lacks}\n")
                };
                format!("            {}  {name} ({state})\n{hint}", self.manifest.listen)
            }
        }
    }
}

/// Returns a free port, which the service keeps over restarts, so that callers find it again.
fn free_port(address: SocketAddr) -> Result<SocketAddr, StartError> {
    Ok(TcpListener::bind(address)?.local_addr()?)
}

fn manifest_variable(name: &str, key: &str) -> String {
    format!("{}__{}", name.to_uppercase().replace('-', "_"), key.to_uppercase().replace('.', "__"))
}

/// The services of other languages that were started.
pub struct Company {
    tasks: Vec<JoinHandle<()>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Company {
    /// Starts all services that can run here, in the background.
    pub fn start(services: Vec<Foreign>, running: &Running) -> Result<Company, StartError> {
        let stop = tokio::sync::watch::Sender::new(false);
        let starter = Starter::start()?;
        let hosts: Vec<(String, SocketAddr)> = running
            .services()
            .iter()
            .map(|name| ((*name).to_owned(), running.addr()))
            .chain(
                services
                    .iter()
                    .filter(|one| one.off.is_none())
                    .map(|one| (one.name().to_owned(), one.manifest.listen)),
            )
            .collect();
        let mut tasks = Vec::new();
        for service in services.into_iter().filter(|service| service.off.is_none()) {
            let launch = environment::launch(&service.manifest, &service.granted, running, &hosts)?;
            let supervisor = Supervisor::new(service.manifest, launch, starter.clone(), running);
            tasks.push(tokio::spawn(supervisor.run(stop.subscribe())));
        }
        Ok(Company { tasks, stop })
    }

    /// Stops all of them: SIGTERM, then SIGKILL for those that exceed their time to stop.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}
