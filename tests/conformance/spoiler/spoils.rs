//! What can be broken, by name. tests/conformance/every_service.rs says which sentences each of them breaks.

use std::sync::Arc;

/// Those that change how the service calls its neighbours.
pub const CALLS: [&str; 3] = ["calls-anonymous", "calls-endless", "calls-untraced"];

/// What is broken now.
#[derive(Clone)]
pub struct Spoils(Arc<Vec<String>>);

impl Spoils {
    pub fn new(names: Vec<String>) -> Spoils {
        Spoils(Arc::new(names))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|one| one == name)
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Returns whether a setting is kept from the service behind us.
    pub fn takes_away(&self, name: &str, value: &str) -> bool {
        let is_limit = name.ends_with("__MAX_REQUESTS") && value.parse::<u32>().is_ok();
        self.has("unknown-keys") && name.ends_with("__NO_SUCH_KEY") || self.has("limits") && is_limit
    }
}
