//! What runs: the table of all methods that this process serves, and what they share.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use souk_contract::MethodPolicy;
use tonic::body::Body;
use tower::Service;

use crate::decoding_budget::DecodingBudget;
use crate::drain::Drain;
use crate::faults::Faults;
use crate::identity::Verifier;
use crate::limits::Limits;
use crate::peers::Peers;
use crate::red::Calls;
use crate::request_log::RequestLog;
use crate::spans::Spans;

/// Everything that incoming requests need, made once before the first of them.
pub(crate) struct Process {
    pub(crate) methods: HashMap<&'static str, Arc<Method>>,
    /// Calls of methods that do not exist are counted together, or a caller could make up metrics.
    pub(crate) unknown: Calls,
    pub(crate) verifier: Verifier,
    /// Whether the address that we listen on is loopback, so that development tokens may come over the network.
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

/// One method that is served here.
pub(crate) struct Method {
    pub(crate) policy: &'static MethodPolicy,
    /// The service (by its one noun) that it belongs to.
    pub(crate) owner: &'static str,
    pub(crate) rpc: Arc<dyn Rpc>,
    pub(crate) calls: Calls,
    /// Whether it is health or reflection, which say nothing about the shop.
    pub(crate) is_background: bool,
}

impl Method {
    /// Returns `souk.orders.v1.OrderService/PlaceOrder`.
    pub(crate) fn name(&self) -> &'static str {
        &self.policy.path[1..]
    }

    pub(crate) fn is_streaming(&self) -> bool {
        self.policy.client_streaming || self.policy.server_streaming
    }
}

pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// A generated server, whatever its type.
pub(crate) trait Rpc: Send + Sync {
    fn call(&self, request: Request<Body>) -> Answer;
}

impl<S> Rpc for S
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn call(&self, request: Request<Body>) -> Answer {
        // Generated servers are always ready, and a clone of one is a clone of an Arc.
        Box::pin(Service::call(&mut self.clone(), request))
    }
}
