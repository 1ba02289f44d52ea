//! The services of other processes that are reached through this one's address: their calls are
//! passed on as they are, and reflection describes them.
//!
//! The other process decides who may call what, and for how long. This one reads the token, counts
//! the call and bounds it like any other.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use parking_lot::RwLock;
use prost::Message as _;
use prost_types::FileDescriptorProto;
use souk_contract::{CallerKind, Criticality, Grant, Idempotency, MethodPolicy, Shape};
use tonic::Status;
use tonic::body::Body;

use crate::context::Context;
use crate::deadline::{GRPC_TIMEOUT, timeout_header};
use crate::method::{Answer, Method, Rpc};
use crate::red::Calls;
use crate::reflection::Index;
use crate::refusal;
use crate::remote::Endpoints;
use crate::spans::Spans;

/// The services of other processes that are reached through this one's address. Cloning is cheap.
#[derive(Clone)]
pub struct Passthrough(Arc<Inner>);

struct Inner {
    /// The upstreams that have an address, by name.
    remote: HashMap<String, Arc<Endpoints>>,
    spans: Option<Spans>,
    index: Arc<RwLock<Index>>,
    /// The upstream that serves a gRPC service, by the full name of that.
    upstreams: RwLock<BTreeMap<String, String>>,
    /// What is known of their methods, by path.
    ///
    /// **Invariant:** an entry stays, so that what was leaked for it is leaked once.
    methods: RwLock<HashMap<&'static str, Arc<Method>>>,
}

impl Passthrough {
    pub(crate) fn new(
        remote: HashMap<String, Arc<Endpoints>>,
        spans: Option<Spans>,
        index: Arc<RwLock<Index>>,
    ) -> Self {
        let upstreams = RwLock::default();
        let methods = RwLock::default();
        Passthrough(Arc::new(Inner { remote, spans, index, upstreams, methods }))
    }

    /// Announces the gRPC services of an upstream, which has an address under `[upstreams]`. Until
    /// they are [described](Self::describe) their calls fail with UNAVAILABLE. What this process
    /// serves itself, or another upstream has announced, stays as it is.
    pub fn announce(&self, upstream: &str, services: &[String]) {
        let mut upstreams = self.0.upstreams.write();
        for service in services {
            upstreams.entry(service.clone()).or_insert_with(|| upstream.to_owned());
        }
    }

    /// Passes on the calls of the services that an upstream has announced. `files` describe them:
    /// a serialised `google.protobuf.FileDescriptorProto` each, with everything that they import.
    ///
    /// # Errors
    /// A file that cannot be decoded.
    pub fn describe(&self, upstream: &str, files: &[Vec<u8>]) -> Result<(), prost::DecodeError> {
        let Some(endpoints) = self.0.remote.get(upstream) else { return Ok(()) };
        let mut decoded = Vec::new();
        for bytes in files {
            decoded.push((FileDescriptorProto::decode(bytes.as_slice())?, bytes));
        }
        let upstreams = self.0.upstreams.read();
        let mut methods = self.0.methods.write();
        let mut index = self.0.index.write();
        for (file, bytes) in decoded {
            for described in &file.service {
                let service = format!("{}.{}", file.package(), described.name());
                if upstreams.get(&service).is_none_or(|owner| owner != upstream) {
                    continue;
                }
                for method in &described.method {
                    let shape = (method.client_streaming(), method.server_streaming());
                    let path = format!("/{service}/{}", method.name());
                    let known = methods.get(path.as_str()).map(|method| method.policy);
                    if known.is_none_or(|policy| streams(policy) != shape) {
                        let policy = policy(path, file.package(), shape);
                        methods.insert(policy.path, Arc::new(self.method(policy, endpoints)));
                    }
                }
                index.serve(service);
            }
            index.add(&file, &Bytes::copy_from_slice(bytes));
        }
        Ok(())
    }

    fn method(&self, policy: &'static MethodPolicy, endpoints: &Arc<Endpoints>) -> Method {
        let rpc = PassOn { spans: self.0.spans.clone(), endpoints: endpoints.clone() };
        Method {
            policy,
            owner: ELSEWHERE,
            rpc: Arc::new(rpc),
            calls: Calls::default(),
            is_background: false,
        }
    }

    /// Returns the method at a path.
    pub(crate) fn find(&self, path: &str) -> Option<Arc<Method>> {
        self.0.methods.read().get(path).cloned()
    }

    /// Returns all methods.
    pub(crate) fn all(&self) -> Vec<Arc<Method>> {
        self.0.methods.read().values().cloned().collect()
    }

    /// Returns the refusal of a call of a service that is announced and not described.
    pub(crate) fn not_yet(&self, path: &str) -> Option<Status> {
        let (service, _) = path.strip_prefix('/')?.split_once('/')?;
        let is_described = || self.0.index.read().is_served(service);
        let upstreams = self.0.upstreams.read();
        let upstream = upstreams.get(service).filter(|_| !is_described())?;
        Some(refusal::upstream_unavailable(upstream, "it has not started yet"))
    }
}

/// The owner of methods that are passed on; it is no service of this process.
pub(crate) const ELSEWHERE: &str = "(elsewhere)";

fn streams(policy: &MethodPolicy) -> (bool, bool) {
    (policy.client_streaming, policy.server_streaming)
}

/// Returns the policy of a method that another process serves: it decides everything itself.
fn policy(path: String, package: &str, streams: (bool, bool)) -> &'static MethodPolicy {
    const EVERYBODY: Grant =
        Grant { caller: CallerKind::Public, scopes: &[], excludes_guests: false };
    let path: &'static str = path.leak();
    let (service, method) = path[1..].split_once('/').expect("it was made of two");
    // The domain of its errors is the package without its version.
    let domain = package.rsplit_once('.').map_or(package, |(domain, _)| domain);
    Box::leak(Box::new(MethodPolicy {
        path,
        domain: domain.to_owned().leak(),
        service,
        method,
        grants: &[EVERYBODY],
        own: "",
        reasons: &[],
        criticality: Criticality::Critical,
        timeout: MethodPolicy::UNLIMITED,
        idempotency: Idempotency::Unknown,
        client_streaming: streams.0,
        server_streaming: streams.1,
        max_request_bytes: usize::MAX,
        request_shape: Shape::EMPTY,
    }))
}

/// Sends a call to another process, with its token and what is left of its time.
struct PassOn {
    spans: Option<Spans>,
    endpoints: Arc<Endpoints>,
}

impl Rpc for PassOn {
    fn call(&self, context: &Context, request: Request<Body>) -> Answer {
        let spans = self.spans.clone();
        let endpoints = self.endpoints.clone();
        let deadline = context.deadline();
        let trace = context.trace().child();
        Box::pin(async move {
            let wrong = Arc::new(OnceLock::new());
            let mut request = request.map(|body| Body::new(Watched { body, wrong: wrong.clone() }));
            let left = deadline.remaining().max(Duration::from_micros(1));
            // A deadline that the caller did not set is the other process's to choose.
            if request.headers().contains_key(GRPC_TIMEOUT) {
                request.headers_mut().insert(GRPC_TIMEOUT, timeout_header(left));
            }
            trace.write(request.headers_mut());
            let response = endpoints.send(request, None, deadline, &trace, spans.as_ref()).await;
            // A request that cannot be read breaks the call off; the caller learns why.
            match wrong.get() {
                Some(status) if response.headers().contains_key("grpc-status") => {
                    Status::into_http(status.clone())
                }
                _ => response,
            }
        })
    }
}

/// The body of a request that keeps what was wrong with it.
struct Watched {
    body: Body,
    wrong: Arc<OnceLock<Status>>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(task);
        if let Poll::Ready(Some(Err(status))) = &polled {
            let _ = self.wrong.set(status.clone());
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
