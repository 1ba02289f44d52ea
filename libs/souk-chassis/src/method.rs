//! The methods that are served here and those that may be called from here.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use souk_contract::{MethodPolicy, MethodServer};
use tonic::body::Body;
use tower::Service;

use crate::context::Context;
use crate::red::Calls;

/// One method that is served here.
pub(crate) struct Method {
    pub(crate) policy: &'static MethodPolicy,
    /// The service (by its one noun) that it belongs to; empty when several serve it.
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

pub(crate) type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// What answers the calls of a method: the frame that the contract writes, or a server of tonic's
/// (health, reflection).
pub(crate) trait Rpc: Send + Sync {
    fn call(&self, context: &Context, request: Request<Body>) -> Answer;
}

/// A method of a service.
pub(crate) struct Framed(pub(crate) MethodServer);

impl Rpc for Framed {
    fn call(&self, context: &Context, request: Request<Body>) -> Answer {
        (self.0)(context.info(), request)
    }
}

impl<S> Rpc for S
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    fn call(&self, _context: &Context, request: Request<Body>) -> Answer {
        // Generated servers are always ready, and a clone of one is a clone of an Arc.
        let answer = Service::call(&mut self.clone(), request);
        Box::pin(async move {
            let Ok(response) = answer.await;
            response
        })
    }
}

/// One method that may be called from here.
pub(crate) struct OutgoingMethod {
    pub(crate) policy: &'static MethodPolicy,
    /// Calls over connections; those within the process are counted where they arrive.
    pub(crate) calls: Calls,
}

impl OutgoingMethod {
    pub(crate) fn is_streaming(&self) -> bool {
        self.policy.client_streaming || self.policy.server_streaming
    }
}
