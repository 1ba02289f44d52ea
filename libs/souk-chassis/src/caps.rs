//! What is reported when a cap refuses a caller: one counter for all caps, and a rate-limited log
//! line.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing::warn;

/// How often one cap is logged; between two lines refusals are only counted.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A limit on what a caller may use of this process.
pub(crate) struct Cap {
    /// The value of the label `cap` of `souk_refused_total`.
    pub(crate) name: &'static str,
    /// The setting that an operator changes, or what is fixed.
    pub(crate) setting: &'static str,
}

pub(crate) static REQUESTS: Cap = Cap { name: "requests", setting: "server.max_requests" };
pub(crate) static ANONYMOUS_REQUESTS: Cap =
    Cap { name: "anonymous_requests", setting: "the anonymous part of server.max_requests" };
pub(crate) static REQUESTS_PER_CONNECTION: Cap =
    Cap { name: "requests_per_connection", setting: "server.max_requests_per_connection" };
pub(crate) static REQUESTS_PER_PEER: Cap =
    Cap { name: "requests_per_peer", setting: "server.max_requests_per_peer" };
pub(crate) static UNSENT_BYTES_PER_PEER: Cap =
    Cap { name: "unsent_bytes_per_peer", setting: "server.max_unsent_bytes_per_peer" };
pub(crate) static STREAMS_PER_CALLER: Cap =
    Cap { name: "streams_per_caller", setting: "server.max_streams_per_caller" };
pub(crate) static BACKGROUND_PER_CONNECTION: Cap = Cap {
    name: "background_per_connection",
    setting: "calls of health and reflection on one connection",
};
pub(crate) static DECODING_BYTES: Cap = Cap {
    name: "decoding_bytes",
    setting: "the part of this kind of caller in server.max_decoding_bytes",
};
pub(crate) static CONNECTIONS: Cap = Cap { name: "connections", setting: "server.max_connections" };
pub(crate) static CONNECTIONS_PER_PEER: Cap =
    Cap { name: "connections_per_peer", setting: "server.max_connections_per_peer" };
pub(crate) static METRICS_CONNECTIONS: Cap =
    Cap { name: "metrics_connections", setting: "connections to server.metrics_listen" };
pub(crate) static DESCRIPTORS: Cap = Cap {
    name: "descriptors",
    setting: "file descriptors of this process (ulimit -n), less a reserve",
};
pub(crate) static PREFACE_SECONDS: Cap =
    Cap { name: "preface_seconds", setting: "seconds until a connection must speak HTTP/2" };
pub(crate) static SEND_SECONDS: Cap = Cap { name: "send_seconds", setting: "server.send_seconds" };

/// When a cap was last logged, and how often it has refused since.
#[derive(Default)]
struct Said {
    last: Option<Instant>,
    unsaid: u64,
}

/// Counts one refusal in `souk_refused_total`, and logs it unless this cap was logged in the last
/// ten seconds.
pub(crate) fn refused(cap: &'static Cap, most: u64, peer: &dyn Display) {
    metrics::counter!("souk_refused_total", "cap" => cap.name).increment(1);
    static SAID: LazyLock<Mutex<HashMap<&'static str, Said>>> = LazyLock::new(Mutex::default);
    let count = {
        let mut said = SAID.lock();
        let said = said.entry(cap.name).or_default();
        said.unsaid += 1;
        if said.last.is_some_and(|last| last.elapsed() < LINE_EVERY) {
            return;
        }
        said.last = Some(Instant::now());
        std::mem::take(&mut said.unsaid)
    };
    let Cap { name, setting } = cap;
    warn!(cap = name, peer = %peer, refused = count, "refused {peer}: {setting} = {most} is reached ({count} refused)");
}
