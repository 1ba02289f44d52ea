//! The content of a manifest, and where manifests are found.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// The name of the file in a service's folder.
pub const FILE_NAME: &str = "souk.service.toml";

/// A service as a process of its own: what it is called, how it is started, and what it promises.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The noun: folder, upstream's name, prefix of its environment variables.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The gRPC services that it serves, by full name.
    pub services: Vec<String>,
    /// What a shop lacks when it does not run, in a few words: "what to show whom".
    pub summary: String,
    /// The services that it calls, by name. It must start and serve without them.
    #[serde(default)]
    pub upstreams: Vec<String>,
    /// The scopes that it asks for: those of the methods that it calls.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The events that it publishes, by the full names of their messages. Its reflection describes
    /// them.
    #[serde(default)]
    pub publishes: Vec<String>,
    /// Its SQLite databases, as paths in its data folder; when it is left out, each that is right
    /// in there. The shop checks them at its start, and a backup has them all as of one moment.
    #[serde(default)]
    pub databases: Option<Vec<String>>,
    /// What else of its data belongs into a backup.
    #[serde(default)]
    pub backup: Backup,
    /// Where `souk up` lets it serve gRPC, unless its own environment variable says otherwise.
    pub listen: SocketAddr,
    /// Where `souk up` lets it serve /metrics, /healthz and /readyz.
    pub metrics_listen: SocketAddr,
    /// How its environment is made; nothing to do when it is left out.
    #[serde(default)]
    pub prepare: Option<Prepare>,
    /// How it is started.
    pub run: Run,
    /// Examples that the conformance suite calls.
    #[serde(default)]
    pub conformance: Conformance,
    /// The folder of the manifest.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// What a service is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Part of the one program, `souk`.
    Rust,
    /// A process of its own, in any other language.
    #[serde(other)]
    Other,
}

/// What a backup has of a service beside its databases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Files and folders in its data folder, which are copied after the databases.
    #[serde(default)]
    pub files: Vec<String>,
    /// A command that writes what is stored elsewhere into the folder that its variable
    /// `NAME__BACKUP_DIR` names: the data folder of the service in the copy.
    #[serde(default)]
    pub command: Vec<String>,
}

/// How the environment of a service is made: its interpreter's packages, its compiled sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepare {
    /// The program that must be installed: `python3`, `node`, `go`. Steps and command may name
    /// others beside it.
    pub needs: String,
    /// Files, folders and patterns (`*`, `?`, `**`), relative to `directory`, that the environment
    /// is made from. When one of them changes it is made again. Of a folder every file counts but
    /// those in node_modules, dist, build, `__pycache__` and hidden folders.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Whether the steps run at every start, since they know themselves what has changed, as `go
    /// build` does. It has no inputs then.
    #[serde(default)]
    pub always: bool,
    /// Commands that make it, one after another.
    pub steps: Vec<Vec<String>>,
    /// Where the steps run, relative to the service.
    #[serde(default = "here")]
    pub directory: PathBuf,
}

/// How a service is started.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Program and arguments. A program with a slash is relative to the service's folder; `souk` is
    /// the program that is running, or under test.
    pub command: Vec<String>,
    /// What starts its environment variables, when that is not the name in capitals.
    #[serde(default)]
    pub environment_prefix: Option<String>,
    /// Settings by dotted key that hold while the conformance suite runs it, such as
    /// `"sweep_seconds" = "3600"`.
    #[serde(default)]
    pub conformance_settings: BTreeMap<String, String>,
}

/// Examples that the conformance suite calls; requests and answers are JSON of the contract's
/// messages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformance {
    /// A read that answers OK on an empty store, with its upstreams unreachable.
    pub unary: Option<Unary>,
    /// A write with a `request_id`, for the sentences about idempotency.
    pub write: Option<Write>,
    /// A server stream that stays open, for the sentences about drain and streams.
    pub stream: Option<Unary>,
    /// An event that it consumes, for the sentences about events.
    pub event: Option<Heard>,
    /// The library that answers some broken requests before code of the service can.
    #[serde(default)]
    pub transport: Option<Transport>,
}

/// A call that is fine, and how to make it wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unary {
    /// `souk.recommendations.v1.RecommendationService/ListPopularProducts`.
    pub method: String,
    /// Who may call it: `user:alice`, `service:orders`, `staff:ann` or `anonymous`.
    pub caller: String,
    /// A request that is answered OK.
    pub request: String,
    /// A request that breaks one field rule.
    #[serde(default)]
    pub invalid: Option<String>,
    /// The field that it breaks, as BadRequest names it: `page_size`, `lines[0].quantity`.
    #[serde(default)]
    pub invalid_field: Option<String>,
}

/// A write that may be repeated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// `souk.notes.v1.NoteService/CreateNote`.
    pub method: String,
    /// Who may call it.
    pub caller: String,
    /// A request with its `request_id` that is answered OK.
    pub request: String,
    /// The same `request_id` with another body.
    pub changed: String,
}

/// An event that a service consumes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// The full name of the payload's message: `souk.orders.v1.OrderPlaced`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The key that orders it.
    pub key: String,
    /// The payload in JSON.
    pub data: String,
}

/// A library that answers some broken requests by itself, so that the service cannot answer them as
/// docs/service-contract.md says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The core in C of gRPC for Python, C++, Ruby and PHP.
    GrpcCore,
    /// gRPC for Java and Kotlin.
    GrpcJava,
}

/// Reads a name, such as `grpc-core`.
impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Transport, String> {
        let name: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        Transport::deserialize(name).map_err(|error| error.to_string())
    }
}

/// Why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not what a manifest must be.
    #[error("{}: {why}", path.display())]
    Wrong {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, in one line.
        why: String,
    },
}

impl ManifestError {
    /// Returns the folder of the manifest.
    pub fn folder(&self) -> &Path {
        let (ManifestError::Unreadable { path, .. } | ManifestError::Wrong { path, .. }) = self;
        path.parent().unwrap_or(path)
    }
}

impl Manifest {
    /// Reads a manifest; `path` is the file, or its folder.
    ///
    /// # Errors
    /// When it does not exist, or has unknown or missing keys, or invalid values.
    pub fn read(path: &Path) -> Result<Manifest, ManifestError> {
        let path = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ManifestError::Unreadable { path: path.clone(), error })?;
        let wrong = |why: String| ManifestError::Wrong { path: path.clone(), why };
        let mut manifest: Manifest =
            toml::from_str(&text).map_err(|error| wrong(one_line(&error, &text)))?;
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        manifest.folder = folder
            .canonicalize()
            .map_err(|error| ManifestError::Unreadable { path: path.clone(), error })?;
        manifest.check().map_err(wrong)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        let is_noun = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if !is_noun(&self.name) {
            return Err(format!(
                "name = {:?}: must be small letters, digits and hyphens",
                self.name
            ));
        }
        if self.services.is_empty() {
            return Err("services: must name at least one gRPC service".to_owned());
        }
        if let Some(scope) = self.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(format!(
                "scopes: {scope:?} is not a noun and a verb with a dot between, such as \"orders.read\""
            ));
        }
        if let Some(event) = self.publishes.iter().find(|event| !is_message(event)) {
            return Err(format!(
                "publishes: {event:?} is not the full name of a message, such as \"souk.orders.v1.OrderPlaced\""
            ));
        }
        for (key, paths) in [
            ("databases", self.databases.as_deref().unwrap_or_default()),
            ("backup.files", self.backup.files.as_slice()),
        ] {
            if let Some(path) = paths.iter().find(|path| !is_inside(path)) {
                return Err(format!("{key}: {path:?} is not a path inside of its data folder"));
            }
        }
        let needed = "events.publish";
        if !self.publishes.is_empty() && !self.scopes.iter().any(|scope| scope == needed) {
            return Err(format!("scopes: must have {needed:?}, since publishes names events"));
        }
        if self.run.command.is_empty() {
            return Err("run.command: must name a program".to_owned());
        }
        self.prepare.as_ref().map_or(Ok(()), Prepare::check)
    }

    /// Returns what its environment variables start with: `RECOMMENDATIONS` of
    /// `RECOMMENDATIONS__SERVER__LISTEN`.
    pub fn environment_prefix(&self) -> String {
        let own = || self.name.to_uppercase().replace('-', "_");
        self.run.environment_prefix.clone().unwrap_or_else(own)
    }
}

impl Prepare {
    fn check(&self) -> Result<(), String> {
        if let Some(step) = self.steps.iter().find(|step| step.is_empty()) {
            return Err(format!("prepare.steps: {step:?} does not name a program"));
        }
        if self.always && !self.inputs.is_empty() {
            let why = "must be left out when prepare.always is true, which runs the steps anyway";
            return Err(format!("prepare.inputs: {why}"));
        }
        for input in &self.inputs {
            glob::Pattern::new(input)
                .map_err(|error| format!("prepare.inputs: {input:?}: {}", error.msg))?;
        }
        Ok(())
    }
}

/// Returns whether a text is a scope: two or more words of small letters, digits and hyphens, with
/// dots between them.
pub fn is_scope(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.contains('.') && text.split('.').all(is_word)
}

/// Returns whether a path leads to something below the folder that it starts in.
fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Returns whether a text may be the full name of a message: a package, and a name in capitals.
fn is_message(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let name = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && text.split('.').all(is_word)
        && name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Reads the manifest of every service in a folder of services, by name; folders without one are
/// skipped.
///
/// # Errors
/// When the folder itself cannot be read. A manifest that is wrong is an element.
pub fn find(services: &Path) -> std::io::Result<Vec<Result<Manifest, ManifestError>>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(services)? {
        let folder = entry?.path();
        if folder.join(FILE_NAME).is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders.iter().map(|folder| Manifest::read(folder)).collect())
}

/// Says in one line what toml says in several.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
    let mut message = error.message().replace('\n', " ");
    if message.starts_with("unknown field `neighbours`") {
        message = "neighbours is called upstreams now".to_owned();
    }
    line.map_or_else(|| message.clone(), |line| format!("line {line}: {message}"))
}

fn here() -> PathBuf {
    PathBuf::from(".")
}
