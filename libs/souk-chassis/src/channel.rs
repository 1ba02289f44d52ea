//! The transport of a generated client: an upstream in this process, or connections to it. The
//! client does not see the difference.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use souk_contract::{Caller, Contract};
use tonic::body::Body;
use tower::Service;

use crate::exchange::Exchange;
use crate::identity::{DEVELOPMENT_KEY, authorization};
use crate::line::{Line, Target};
use crate::outgoing;
use crate::remote::Endpoints;
use crate::start_error::StartError;

/// The way to one upstream: `InventoryServiceClient::new(host.channel("inventory"))`.
///
/// Deadlines, identity, criticality, trace, retries, errors, streaming and cancellation are the
/// same in both forms: dropping the future of a call, or the stream of its responses, cancels the
/// method at the other end. Cloning is cheap.
#[derive(Clone)]
pub struct Channel(Arc<Line>);

impl Channel {
    pub(crate) fn new(
        exchange: Arc<Exchange>,
        upstream: &str,
        authorization: Option<HeaderValue>,
    ) -> Self {
        let target = match exchange.hosted.iter().find(|hosted| **hosted == upstream) {
            Some(hosted) => Target::Local(hosted),
            None => match exchange.remote.get(upstream) {
                Some(endpoints) => Target::Remote(endpoints.clone()),
                None => Target::Nowhere(upstream.to_string()),
            },
        };
        Channel(Arc::new(Line { exchange, authorization, target }))
    }

    /// Returns a channel to `address` for a tool or a test: `http://127.0.0.1:7300`, or several
    /// separated by commas.
    ///
    /// Connections are made when first used, and again when they broke. `contract` says what may be
    /// repeated and how long a call may take. Calls are signed with [`DEVELOPMENT_KEY`] as
    /// `caller`, with every scope.
    ///
    /// # Errors
    /// When an address is not one.
    pub fn to(
        address: &str,
        caller: &Caller,
        contract: &'static Contract,
    ) -> Result<Channel, StartError> {
        let endpoints = Endpoints::new(address, address)?;
        let exchange = Exchange::new(Vec::new(), HashMap::new(), DEVELOPMENT_KEY.to_string());
        exchange.set_contracts(std::iter::once(contract));
        let authorization = authorization(caller, DEVELOPMENT_KEY);
        Ok(Channel(Arc::new(Line {
            exchange,
            authorization,
            target: Target::Remote(Arc::new(endpoints)),
        })))
    }

    /// Returns a channel to the same upstream on which calls are made as `caller`, with every
    /// scope.
    #[must_use]
    pub fn acting_as(&self, caller: &Caller) -> Channel {
        let authorization = authorization(caller, &self.0.exchange.identity_key);
        self.with_authorization(authorization)
    }

    /// Returns a channel to the same upstream on which calls carry this token, right or wrong.
    ///
    /// # Panics
    /// When the token has bytes that no header may have.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Channel {
        let value =
            HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is printable");
        self.with_authorization(Some(value))
    }

    fn with_authorization(&self, authorization: Option<HeaderValue>) -> Channel {
        let line = Line {
            exchange: self.0.exchange.clone(),
            authorization,
            target: self.0.target.clone(),
        };
        Channel(Arc::new(line))
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let line = self.0.clone();
        Box::pin(async move { Ok(outgoing::send(line, request).await) })
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.target {
            Target::Local(name) => write!(f, "Channel(local {name})"),
            Target::Remote(endpoints) => write!(f, "Channel({})", endpoints.name()),
            Target::Nowhere(name) => write!(f, "Channel({name} has no address)"),
        }
    }
}
