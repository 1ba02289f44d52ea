//! What can be broken, by name. tests/conformance/every_service.rs says which sentences each of
//! them breaks.

use std::sync::Arc;

/// Those that change how the service calls its upstreams.
pub const CALLS: [&str; 6] = [
    "calls-anonymous",
    "calls-endless",
    "calls-untraced",
    "subscribes-once",
    "acknowledges-nothing",
    "renamed-events",
];

/// What is broken now, of a service whose settings start with a prefix.
#[derive(Clone)]
pub struct Spoils {
    names: Arc<Vec<String>>,
    prefix: Arc<str>,
}

impl Spoils {
    pub fn new(names: Vec<String>, prefix: &str) -> Spoils {
        Spoils { names: Arc::new(names), prefix: prefix.into() }
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Returns the environment variable of a setting: `SOUK__LOG__FORMAT` of `LOG__FORMAT`.
    pub fn variable(&self, setting: &str) -> String {
        format!("{}__{setting}", self.prefix)
    }

    /// Returns whether a setting is kept from the service behind us.
    pub fn takes_away(&self, name: &str, value: &str) -> bool {
        let is_limit = name.ends_with("__MAX_REQUESTS") && value.parse::<u32>().is_ok();
        self.has("unknown-keys") && name.ends_with("__NO_SUCH_KEY")
            || self.has("limits") && is_limit
            || self.has("streams") && name.ends_with("__MAX_STREAMS_PER_CALLER")
    }
}
