//! Where a setting comes from: embedded defaults, then a file, then the environment, then what the
//! program sets itself.
//!
//! The defaults are complete, so they also list all settings: an unknown key is refused, and a
//! value must have the type that it has there. An empty table in the defaults takes any name.

use std::fmt;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Num, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::log::Format;

const DEFAULTS: &str = include_str!("chassis.default.toml");

/// What the table of upstreams was called before.
const OLD_UPSTREAMS: &str = "neighbours";

/// The chassis' own settings; chassis.default.toml documents them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) server: Server,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    pub(crate) identity: Identity,
    pub(crate) upstreams: std::collections::BTreeMap<String, String>,
    pub(crate) faults: Faults,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: SocketAddr,
    pub(crate) drain_seconds: u32,
    pub(crate) send_seconds: u32,
    pub(crate) max_requests: u32,
    pub(crate) max_requests_per_connection: u32,
    pub(crate) max_requests_per_peer: u32,
    pub(crate) max_unsent_bytes_per_peer: u32,
    pub(crate) max_streams_per_caller: u32,
    pub(crate) max_connections: u32,
    pub(crate) max_connections_per_peer: u32,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) max_message_bytes: u32,
    pub(crate) max_decoding_bytes: u32,
    pub(crate) ready_file: PathBuf,
}

impl Server {
    /// Returns the networks of the listed proxies; an address alone is a network of one.
    pub(crate) fn trusted_proxies(&self) -> Result<Vec<IpNet>, AddrParseError> {
        let net = |text: &String| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        self.trusted_proxies.iter().map(net).collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) level: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) otlp_endpoint: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) development_key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Faults {
    pub(crate) enabled: bool,
}

/// One line that says which setting is wrong, what it is, and what is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(pub(crate) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where settings are read from.
pub(crate) struct Sources<'a> {
    /// The program: its name in capitals starts the environment variables of the chassis' own
    /// settings.
    pub(crate) program: &'a str,
    /// The services in it with their default files.
    pub(crate) services: &'a [(&'a str, &'a str)],
    pub(crate) file: Option<&'a Path>,
    pub(crate) environment: Vec<(String, String)>,
    /// Dotted keys and values that the program sets itself; they win.
    pub(crate) overrides: &'a [(String, String)],
}

/// All settings of a process, checked for unknown keys and wrong types.
pub(crate) struct Config {
    figment: Figment,
    defaults: Dict,
    /// A service that runs alone has its own settings beside the chassis', not in a table of its
    /// name.
    is_alone: bool,
}

impl Config {
    pub(crate) fn load(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let is_alone = matches!(sources.services, [(name, _)] if *name == sources.program);
        let defaults = defaults(sources, is_alone)?;
        let known = defaults.clone();
        let mut figment = Figment::from(Layer { name: "the defaults".to_string(), dict: defaults });

        if let Some(path) = sources.file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                ConfigError(format!("configuration file {}: {error}", path.display()))
            })?;
            let dict = parse(&text, &path.display().to_string())?;
            check(&known, &dict, "", &path.display().to_string())?;
            figment = figment.merge(Layer { name: path.display().to_string(), dict });
        }
        for (variable, value) in &sources.environment {
            let Some(keys) = keys_of(variable, sources, is_alone)? else { continue };
            let dict = nest(&known, &keys, value, variable)?;
            figment = figment.merge(Layer { name: variable.clone(), dict });
        }
        for (key, value) in sources.overrides {
            let keys: Vec<String> = key.split('.').map(str::to_string).collect();
            let dict = nest(&known, &keys, value, key)?;
            figment = figment.merge(Layer { name: "the command line".to_string(), dict });
        }
        Ok(Config { figment, defaults: known, is_alone })
    }

    /// Returns the chassis' own settings.
    pub(crate) fn settings(&self) -> Result<Settings, ConfigError> {
        let own = parse(DEFAULTS, "the defaults")?;
        let settings: Settings =
            self.extract("", |dict| dict.retain(|key, _| own.contains_key(key)))?;
        let server = &settings.server;
        for (key, value) in [
            ("server.send_seconds", server.send_seconds),
            ("server.max_requests", server.max_requests),
            ("server.max_requests_per_connection", server.max_requests_per_connection),
            ("server.max_requests_per_peer", server.max_requests_per_peer),
            ("server.max_unsent_bytes_per_peer", server.max_unsent_bytes_per_peer),
            ("server.max_streams_per_caller", server.max_streams_per_caller),
            ("server.max_connections", server.max_connections),
            ("server.max_connections_per_peer", server.max_connections_per_peer),
        ] {
            if value == 0 {
                return Err(self.wrong(key, "must be 1 at least"));
            }
        }
        server.trusted_proxies().map_err(|_| {
            self.wrong(
                "server.trusted_proxies",
                "must be a list of addresses or networks like \"10.0.0.0/8\"",
            )
        })?;
        Ok(settings)
    }

    fn wrong(&self, key: &str, allowed: &str) -> ConfigError {
        let (source, value) = self.origin(key);
        ConfigError(format!("{key} = {value} (from {source}): {allowed}"))
    }

    /// Returns the settings of the service called `name`.
    pub(crate) fn service<C: DeserializeOwned>(&self, name: &str) -> Result<C, ConfigError> {
        let own = parse(DEFAULTS, "the defaults")?;
        let is_alone = self.is_alone;
        self.extract(if is_alone { "" } else { name }, |dict| {
            if is_alone {
                dict.retain(|key, _| !own.contains_key(key));
            } else {
                *dict = match dict.remove(name) {
                    Some(Value::Dict(_, table)) => table,
                    _ => Dict::new(),
                };
            }
        })
    }

    /// Reads a part of the settings; `place` is its key in the whole.
    ///
    /// It is read from JSON and not with figment's own reader, which compiles to several times as
    /// much code for each service.
    fn extract<C: DeserializeOwned>(
        &self,
        place: &str,
        choose: impl Fn(&mut Dict),
    ) -> Result<C, ConfigError> {
        let mut given = self.figment.extract().map_err(|error| ConfigError(error.to_string()))?;
        choose(&mut given);
        C::deserialize(json(&given)?).map_err(|error| {
            let mut defaults = self.defaults.clone();
            choose(&mut defaults);
            let problem =
                |dict: &Dict| C::deserialize(json(dict).ok()?).err().map(|e| e.to_string());
            self.explain(place, &given, defaults, &problem, &error.to_string())
        })
    }

    /// Says which value it is that cannot be read: the first whose change from its default brings
    /// up the problem.
    fn explain(
        &self,
        place: &str,
        given: &Dict,
        mut tried: Dict,
        problem: &dyn Fn(&Dict) -> Option<String>,
        whole: &str,
    ) -> ConfigError {
        let mut leaves = Vec::new();
        collect_leaves(given, &mut Vec::new(), &mut leaves);
        for (keys, value) in leaves {
            set(&mut tried, &keys, value);
            let Some(problem) = problem(&tried) else { continue };
            let key = join(place, &keys.join("."));
            let allowed = if is_secret(&key) { "this value is not allowed" } else { &problem };
            return self.wrong(&key, allowed);
        }
        let place = if place.is_empty() { "the settings" } else { place };
        ConfigError(format!("{place}: {whole}"))
    }

    /// Returns where the value of a key comes from, and the value as text.
    fn origin(&self, key: &str) -> (String, String) {
        let source = self
            .figment
            .find_metadata(key)
            .map_or_else(|| "the defaults".to_string(), |data| data.name.to_string());
        let value = self
            .figment
            .find_value(key)
            .map_or_else(|_| "?".to_string(), |value| show(key, &value));
        (source, value)
    }
}

struct Layer {
    name: String,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

fn json(dict: &Dict) -> Result<serde_json::Value, ConfigError> {
    serde_json::to_value(dict).map_err(|error| ConfigError(error.to_string()))
}

/// Lists every value that is not a table, with the keys that lead to it.
fn collect_leaves<'a>(
    dict: &'a Dict,
    keys: &mut Vec<&'a str>,
    leaves: &mut Vec<(Vec<&'a str>, &'a Value)>,
) {
    for (key, value) in dict {
        keys.push(key);
        match value {
            Value::Dict(_, inner) => collect_leaves(inner, keys, leaves),
            value => leaves.push((keys.clone(), value)),
        }
        keys.pop();
    }
}

fn set(dict: &mut Dict, keys: &[&str], value: &Value) {
    let Some((last, outer)) = keys.split_last() else { return };
    let mut dict = dict;
    for key in outer {
        let inner = dict
            .entry((*key).to_string())
            .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
        let Value::Dict(_, inner) = inner else { return };
        dict = inner;
    }
    dict.insert((*last).to_string(), value.clone());
}

fn parse(text: &str, source: &str) -> Result<Dict, ConfigError> {
    let wrong = |error: figment::Error| {
        ConfigError(format!("{source}: {}", first_line(&error.to_string())))
    };
    let mut profiles = Toml::string(text).data().map_err(wrong)?;
    Ok(profiles.remove(&Profile::Default).unwrap_or_default())
}

fn first_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns all settings that exist. A service may have other defaults than the chassis for when it
/// runs alone, such as a port of its own; they must name what the chassis knows.
fn defaults(sources: &Sources<'_>, is_alone: bool) -> Result<Dict, ConfigError> {
    let common = parse(DEFAULTS, "the defaults of the chassis")?;
    let mut all = common.clone();
    for (name, text) in sources.services {
        let source = format!("the defaults of {name}");
        let (of_the_chassis, own): (Dict, Dict) =
            parse(text, &source)?.into_iter().partition(|(key, _)| common.contains_key(key));
        check(&common, &of_the_chassis, "", &source)?;
        if is_alone {
            merge(&mut all, of_the_chassis);
            all.extend(own);
        } else {
            all.insert((*name).to_string(), Value::Dict(Tag::Default, own));
        }
    }
    Ok(all)
}

fn merge(into: &mut Dict, from: Dict) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, into)), Value::Dict(_, from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Returns the keys that an environment variable sets; none when it is not ours.
fn keys_of(
    variable: &str,
    sources: &Sources<'_>,
    is_alone: bool,
) -> Result<Option<Vec<String>>, ConfigError> {
    let Some((prefix, rest)) = variable.split_once("__") else { return Ok(None) };
    let keys = rest.split("__").map(str::to_lowercase);
    if prefix.eq_ignore_ascii_case(sources.program) {
        return Ok(Some(keys.collect()));
    }
    let service = sources
        .services
        .iter()
        .find(|(name, _)| prefix.eq_ignore_ascii_case(&name.replace('-', "_")));
    Ok(service
        .filter(|_| !is_alone)
        .map(|(name, _)| std::iter::once((*name).to_string()).chain(keys).collect()))
}

/// Refuses keys that the defaults do not have and values of another type.
fn check(known: &Dict, given: &Dict, path: &str, source: &str) -> Result<(), ConfigError> {
    for (key, value) in given {
        let full = join(path, key);
        let Some(default) = known.get(key) else { return Err(unknown(&full, known, path, source)) };
        match (default, value) {
            // An empty table in the defaults takes any name.
            (Value::Dict(_, known), Value::Dict(..)) if known.is_empty() => {}
            (Value::Dict(_, known), Value::Dict(_, given)) => check(known, given, &full, source)?,
            _ if type_of(default) == type_of(value) => {}
            _ => {
                let wanted = type_of(default);
                return Err(ConfigError(format!(
                    "{full} = {} (from {source}): must be {wanted}",
                    show(&full, value)
                )));
            }
        }
    }
    Ok(())
}

/// Builds the table that sets one key to a text, read as the type that the default has.
fn nest(known: &Dict, keys: &[String], text: &str, source: &str) -> Result<Dict, ConfigError> {
    let mut level = Some(known);
    let mut default = None;
    let mut path = String::new();
    for key in keys {
        // Beyond the defaults only an empty table may be extended, with texts of any name.
        let Some(names) = level else {
            return Err(unknown(&join(&path, key), &Dict::new(), &path, source));
        };
        default = names.get(key);
        if default.is_none() && (!names.is_empty() || path.is_empty()) {
            return Err(unknown(&join(&path, key), names, &path, source));
        }
        path = join(&path, key);
        level = match default {
            Some(Value::Dict(_, names)) => Some(names),
            _ => None,
        };
    }
    let value = match default {
        None => Value::from(text),
        Some(default) => read_as(default, text).ok_or_else(|| {
            let shown = show(&path, &Value::from(text));
            ConfigError(format!("{path} = {shown} (from {source}): must be {}", type_of(default)))
        })?,
    };
    let (last, outer) = keys
        .split_last()
        .ok_or_else(|| ConfigError(format!("{source} does not name a setting")))?;
    let mut dict = Dict::from([(last.clone(), value)]);
    for key in outer.iter().rev() {
        dict = Dict::from([(key.clone(), Value::Dict(Tag::Default, dict))]);
    }
    Ok(dict)
}

fn read_as(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::String(..) => Some(Value::from(text)),
        Value::Bool(..) => text.parse::<bool>().ok().map(Value::from),
        Value::Num(_, Num::F32(_) | Num::F64(_)) => text.parse::<f64>().ok().map(Value::from),
        Value::Num(..) => text.parse::<i64>().ok().map(Value::from),
        Value::Array(..) => {
            let mut parsed = parse(&format!("value = {text}"), "").ok()?;
            parsed.remove("value").filter(|value| matches!(value, Value::Array(..)))
        }
        _ => None,
    }
}

fn unknown(full: &str, known: &Dict, path: &str, source: &str) -> ConfigError {
    if full.split('.').next() == Some(OLD_UPSTREAMS) {
        return ConfigError(format!(
            "{full} (from {source}): {OLD_UPSTREAMS} is called upstreams now"
        ));
    }
    let place = if path.is_empty() { "the top".to_string() } else { format!("[{path}]") };
    let allowed: Vec<&str> = known.keys().map(String::as_str).collect();
    let allowed = if allowed.is_empty() { "nothing".to_string() } else { allowed.join(", ") };
    ConfigError(format!("{full} (from {source}): there is no such setting; {place} has {allowed}"))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "a text",
        Value::Bool(..) => "true or false",
        Value::Num(_, Num::F32(_) | Num::F64(_)) => "a number",
        Value::Num(..) => "a whole number",
        Value::Array(..) => "a list",
        Value::Dict(..) => "a table",
        Value::Empty(..) => "nothing",
    }
}

/// Returns whether the value of a setting must not be printed.
fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    ["key", "password", "secret", "token", "url"].iter().any(|word| last.ends_with(word))
}

fn show(key: &str, value: &Value) -> String {
    match value {
        _ if is_secret(key) => "[hidden]".to_string(),
        Value::String(_, text) => format!("{text:?}"),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Num(_, number) => number
            .to_i128()
            .map(|whole| whole.to_string())
            .or_else(|| number.to_f64().map(|number| number.to_string()))
            .unwrap_or_else(|| "a number".to_string()),
        other => type_of(other).to_string(),
    }
}
