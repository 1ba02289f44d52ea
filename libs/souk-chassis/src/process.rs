//! What runs: the table of all methods that this process serves, and what they share.

use std::collections::HashMap;
use std::sync::Arc;

use crate::decoding_budget::DecodingBudget;
use crate::drain::Drain;
use crate::faults::Faults;
use crate::identity::Verifier;
use crate::limits::Limits;
use crate::method::Method;
use crate::passthrough::Passthrough;
use crate::peers::Peers;
use crate::red::Calls;
use crate::request_log::RequestLog;
use crate::spans::Spans;

/// Everything that incoming requests need, made once before the first of them.
pub(crate) struct Process {
    pub(crate) methods: HashMap<&'static str, Arc<Method>>,
    /// The methods of other processes that are reached through this one.
    pub(crate) passthrough: Passthrough,
    /// Calls of methods that do not exist are counted together, or a caller could make up metrics.
    pub(crate) unknown: Calls,
    pub(crate) verifier: Arc<Verifier>,
    /// Whether the address that we listen on is loopback, so that development tokens may come over
    /// the network.
    pub(crate) is_loopback: bool,
    pub(crate) limits: Limits,
    pub(crate) peers: Arc<Peers>,
    pub(crate) max_message_bytes: usize,
    pub(crate) decoding: Arc<DecodingBudget>,
    pub(crate) drain: Drain,
    pub(crate) faults: Faults,
    pub(crate) requests: RequestLog,
    pub(crate) spans: Option<Spans>,
}

impl Process {
    /// Returns the method at a path: one that is served here, or one that is passed on.
    pub(crate) fn method(&self, path: &str) -> Option<Arc<Method>> {
        self.methods.get(path).cloned().or_else(|| self.passthrough.find(path))
    }
}
