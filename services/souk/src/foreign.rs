//! The services in other languages: found by their manifests, started beside the shop, kept
//! running, stopped with it.
//!
//! The shop never waits for one of them. A service that cannot run here is left out with a message;
//! so is one in Rust that was added after this program was built.

mod environment;
mod output;
mod process;
mod supervisor;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use serde_json::{Value, json};
use souk_chassis::{Options, Running, StartError};
use souk_contract::EVERY_SCOPE;
use souk_manifest::{Language, Manifest, ManifestError};
use tokio::task::JoinHandle;
use tracing::error;

use crate::data::Owner;
use crate::foreign::process::Starter;
use crate::foreign::supervisor::Supervisor;
use crate::services_file::{Entry, ServicesFile};
use crate::{packaged, parts};

/// The shop's own folder of services, where it exists.
const FOLDER: &str = "services";

/// The services in other languages that are part of the shop: they are granted what they ask for.
const OWN: [&str; 3] = ["notifications", "recommendations", "wishlists"];

/// A service that is not part of this program, before it is started.
pub struct Foreign {
    name: String,
    /// What the shop lacks without it, as far as that is known.
    summary: Option<String>,
    /// How it is started, or why it is off.
    start: Result<Start, Off>,
}

/// A service that can run here.
struct Start {
    manifest: Manifest,
    /// Whether it only needs to be started.
    is_prepared: bool,
    /// The scopes of the token with which it calls others.
    granted: Vec<String>,
    /// Whether this start grants them, or none.
    is_granted_now: bool,
}

/// Why a service is off.
struct Off {
    why: String,
    /// Whether somebody made a mistake, which the log tells too.
    is_mistake: bool,
}

impl Off {
    fn because(why: impl ToString) -> Off {
        Off { why: why.to_string(), is_mistake: false }
    }

    fn mistake(why: impl ToString) -> Off {
        Off { why: why.to_string(), is_mistake: true }
    }
}

/// Finds the services that are not part of this program: in the shop's own folder, which is the one
/// here, else that of the package that this program comes from, and in those of `--services-dir`.
/// An empty one leaves out the shop's own. With `has_free_ports` they listen on any free ports
/// instead of those of their manifests.
///
/// # Errors
/// A folder that cannot be read, a name that two services have, or a package whose services cannot
/// be copied to the user's cache. A wrong manifest is not one: its service is off.
pub fn search(folders: &[String], has_free_ports: bool) -> Result<Vec<Foreign>, StartError> {
    let mut all: Vec<PathBuf> = Vec::new();
    let own = if folders.iter().any(String::is_empty) { None } else { own_folder()? };
    let given = folders.iter().filter(|folder| !folder.is_empty()).map(PathBuf::from);
    for folder in own.into_iter().chain(given) {
        let named = |error| wrong_folder(&folder.display().to_string(), error);
        let found = folder.canonicalize().map_err(named)?;
        // One that is given although it is the shop's own counts once.
        if !all.contains(&found) {
            all.push(found);
        }
    }
    let mut services = Vec::new();
    let mut taken = BTreeMap::new();
    for folder in all {
        let folder_name = folder.display().to_string();
        let found =
            souk_manifest::find(&folder).map_err(|error| wrong_folder(&folder_name, error))?;
        for manifest in found {
            let here = match &manifest {
                Ok(manifest) => manifest.folder.display().to_string(),
                Err(error) => error.folder().display().to_string(),
            };
            let Some(service) = Foreign::of(manifest, has_free_ports)? else { continue };
            if parts::names().contains(&service.name()) {
                let why = format!(
                    "its manifest has the name {}, which is a service of this program; choose another",
                    service.name
                );
                return Err(wrong_folder(&here, why));
            }
            if let Some(other) = taken.insert(service.name.clone(), here.clone()) {
                let why = format!(
                    "its manifest has the name {}, as that in {other}; rename one of them, or leave out its folder",
                    service.name
                );
                return Err(wrong_folder(&here, why));
            }
            services.push(service);
        }
    }
    Ok(services)
}

/// Returns the folder of the shop's own services, if it has one.
fn own_folder() -> Result<Option<PathBuf>, StartError> {
    let here = PathBuf::from(FOLDER);
    if here.is_dir() {
        return Ok(Some(here));
    }
    Ok(packaged::root()?.map(|root| root.join(FOLDER)))
}

fn wrong_folder(folder: &str, why: impl ToString) -> StartError {
    StartError::configuration("--services-dir", folder, &why.to_string())
}

/// Announces what will be reached through the shop's own address.
pub fn announce(services: &[Foreign], running: &Running) {
    for start in services.iter().filter_map(|service| service.start.as_ref().ok()) {
        running.passthrough().announce(&start.manifest.name, &start.manifest.services);
    }
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
        if let Ok(start) = &mut service.start {
            start.granted.extend(scopes.iter().cloned());
            start.is_granted_now = true;
        }
    }
    Ok(())
}

impl Foreign {
    /// Returns the service of a folder; none when it is part of this program.
    fn of(
        manifest: Result<Manifest, ManifestError>,
        has_free_ports: bool,
    ) -> Result<Option<Foreign>, StartError> {
        let is_part = |name: &str| parts::names().contains(&name);
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error) => {
                // A service is named as its folder.
                let name = error.folder().file_name().unwrap_or_default().to_string_lossy();
                let name = name.into_owned();
                let why = format!("its manifest is wrong: {error}");
                let off = Foreign { name, summary: None, start: Err(Off::mistake(why)) };
                // What runs in this program does not need its manifest.
                return Ok(Some(off).filter(|off| !is_part(off.name())));
            }
        };
        let name = manifest.name.clone();
        let summary = Some(manifest.summary.clone());
        let start = match manifest.language {
            Language::Rust if is_part(&name) => return Ok(None),
            Language::Rust => Err(Off::because(NOT_BUILT_IN)),
            Language::Other => Start::of(manifest, has_free_ports)?,
        };
        Ok(Some(Foreign { name, summary, start }))
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its name and its address, if it will be started.
    pub fn place(&self) -> Option<(String, SocketAddr)> {
        let start = self.start.as_ref().ok()?;
        Some((self.name.clone(), start.manifest.listen))
    }

    /// Returns which databases are its own, if it will be started.
    pub fn owner(&self) -> Option<Owner> {
        let start = self.start.as_ref().ok()?;
        Some(Owner::new(&self.name, start.manifest.databases.clone()))
    }

    /// Gives it the scopes that an earlier start granted, unless this one grants others. They are
    /// for the service of this folder, not for any with its name.
    pub fn remember(&mut self, known: &ServicesFile) {
        let Ok(start) = &mut self.start else { return };
        let entry = known.entry(&self.name).filter(|entry| entry.folder == start.manifest.folder);
        if let Some(entry) = entry.filter(|_| !start.is_granted_now) {
            start.granted.clone_from(&entry.granted);
        }
    }

    /// Returns what tools and the next start should know of it, if it will be started.
    pub fn entry(&self) -> Option<(String, Entry)> {
        let Start { manifest, granted, .. } = self.start.as_ref().ok()?;
        let entry = Entry {
            address: Some(manifest.listen),
            folder: manifest.folder.clone(),
            environment_prefix: manifest.environment_prefix(),
            granted: granted.clone(),
            databases: manifest.databases.clone(),
            backup: manifest.backup.clone(),
        };
        Some((self.name.clone(), entry))
    }

    /// Sets its address in the options of the shop.
    pub fn as_upstream(&self, options: Options) -> Options {
        match self.place() {
            None => options,
            Some((name, address)) => {
                options.set(&format!("upstreams.{name}"), format!("http://{address}"))
            }
        }
    }

    /// Assumes the shop listens on this address. Development tokens, the only kind, are accepted on
    /// loopback addresses only, so a service cannot call a shop that listens on another one.
    #[must_use]
    pub fn beside(mut self, shop: SocketAddr) -> Foreign {
        if self.start.is_ok() && !shop.ip().is_loopback() {
            self.start = Err(Off::because(format!(
                "it would call the shop with a development token, which {shop} refuses because it is not a loopback address"
            )));
        }
        self
    }

    /// Returns its line of the welcome text.
    pub fn welcome(&self) -> String {
        let name = self.name();
        match &self.start {
            Err(off) => format!("  off       {name}: {}\n", self.reason(off)),
            Ok(start) => {
                let state = if start.is_prepared {
                    "starting"
                } else {
                    "being prepared, which takes some minutes the first time"
                };
                let lacks = start.lacks().join(",");
                let hint = if lacks.is_empty() {
                    String::new()
                } else {
                    format!("            {name} lacks scopes: --grant {name}={lacks}\n")
                };
                format!("            {}  {name} ({state})\n{hint}", start.manifest.listen)
            }
        }
    }

    /// Returns its name, and its address or why it is off.
    pub fn as_json(&self) -> (String, Value) {
        let about = match &self.start {
            Ok(start) => json!({ "address": start.manifest.listen.to_string() }),
            Err(off) => json!({ "off": self.reason(off) }),
        };
        (self.name.clone(), about)
    }

    fn reason(&self, off: &Off) -> String {
        match &self.summary {
            Some(summary) => format!("{summary}, because {}", off.why),
            None => off.why.clone(),
        }
    }

    /// Logs the mistake that keeps it from running.
    fn log_mistake(&self) {
        if let Err(off) = &self.start
            && off.is_mistake
        {
            error!(service = self.name, "{} is off: {}", self.name, self.reason(off));
        }
    }
}

const NOT_BUILT_IN: &str = "this program was built without it; `cargo souk up` builds it in";

impl Start {
    /// Decides how a service is started, or why it is off.
    ///
    /// # Errors
    /// An environment variable of its own that is no address.
    fn of(mut manifest: Manifest, has_free_ports: bool) -> Result<Result<Start, Off>, StartError> {
        // Its own environment variables take precedence, even for "any free port".
        for key in ["server.listen", "server.metrics_listen"] {
            let variable = manifest.variable(key);
            let address = match key {
                "server.listen" => &mut manifest.listen,
                _ => &mut manifest.metrics_listen,
            };
            if has_free_ports {
                address.set_port(0);
            }
            if let Ok(text) = std::env::var(&variable) {
                let wrong =
                    |_| StartError::configuration(&variable, &text, "must be like 127.0.0.1:7410");
                *address = text.parse().map_err(wrong)?;
            }
            if address.port() == 0 {
                match free_port(*address) {
                    Ok(free) => *address = free,
                    Err(error) => {
                        let what = format!("no port of {} is free: {error}", address.ip());
                        return Ok(Err(Off::mistake(what)));
                    }
                }
            }
        }
        if let Err(why) = manifest.check_installed() {
            return Ok(Err(Off::because(why)));
        }
        let is_prepared = manifest.is_prepared();
        let is_own = OWN.contains(&manifest.name.as_str());
        let granted = if is_own { manifest.scopes.clone() } else { Vec::new() };
        Ok(Ok(Start { manifest, is_prepared, granted, is_granted_now: is_own }))
    }

    /// Returns the scopes that it asks for and is not granted.
    fn lacks(&self) -> Vec<&str> {
        let is_granted = |scope: &str| {
            self.granted.iter().any(|granted| granted == scope || granted == EVERY_SCOPE)
        };
        let asked = self.manifest.scopes.iter().map(String::as_str);
        asked.filter(|scope| !is_granted(scope)).collect()
    }
}

/// Returns a free port, which the service keeps over restarts, so that callers find it again.
fn free_port(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
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
        let here = running.services().iter().map(|name| ((*name).to_owned(), running.addr()));
        let hosts: Vec<(String, SocketAddr)> =
            here.chain(services.iter().filter_map(Foreign::place)).collect();
        let mut tasks = Vec::new();
        for service in services {
            service.log_mistake();
            let Ok(Start { manifest, granted, .. }) = service.start else { continue };
            let launch = environment::launch(&manifest, &granted, running, &hosts)?;
            let supervisor = Supervisor::new(manifest, launch, starter.clone(), running);
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
