//! One request from its arrival to its last byte: however it ends, it is logged and counted exactly
//! once.

use std::any::Any;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as _, Frame, SizeHint};
use souk_contract::{Caller, Criticality};
use tokio::time::{Instant, Sleep};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::caller::Identity;
use crate::context::Context;
use crate::limits::Kind;
use crate::method::Method;
use crate::passthrough::ELSEWHERE;
use crate::process::Process;
use crate::refusal;
use crate::request_log::Line;
use crate::spans::Span;
use crate::trace::{Trace, TraceId};

/// A request that is being served. Dropping it unfinished means that the caller went away, or that
/// the method panicked.
pub(crate) struct Call {
    process: Arc<Process>,
    /// None when no such method exists.
    method: Option<Arc<Method>>,
    pub(crate) trace: TraceId,
    span: Option<Span>,
    started: Instant,
    identity: Arc<Identity>,
    context: Option<Context>,
    holds_slot: bool,
    /// Whose stream it is, when it is one that counts.
    stream_of: Option<Box<str>>,
    is_finished: bool,
}

impl Call {
    pub(crate) fn begin(
        process: &Arc<Process>,
        method: Option<Arc<Method>>,
        trace: &mut Trace,
    ) -> Self {
        let span = process.spans.as_ref().map(|spans| {
            let name = method.as_ref().map_or("unknown", |method| method.name());
            spans.server(name, trace)
        });
        Call {
            process: process.clone(),
            method,
            trace: trace.id,
            span,
            started: Instant::now(),
            identity: Identity::anonymous(),
            context: None,
            holds_slot: false,
            stream_of: None,
            is_finished: false,
        }
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn identified(&mut self, identity: Arc<Identity>) {
        self.identity = identity;
    }

    pub(crate) fn in_context(&mut self, context: &Context) {
        self.context = Some(context.clone());
    }

    /// Takes a slot among all requests, and one among the caller's streams when it is a stream.
    /// Health and reflection take none: their connection bounds them.
    pub(crate) fn admit(
        &mut self,
        method: &Method,
        criticality: Criticality,
        peer: Option<IpAddr>,
    ) -> Result<(), Status> {
        if method.is_background {
            return Ok(());
        }
        self.process.limits.enter(self.kind(method), criticality, peer)?;
        self.holds_slot = true;
        if method.is_streaming() {
            // Anonymous callers are distinguished by their address, or one of them could use the
            // streams of all.
            let key: Box<str> = match (&self.identity.caller, peer) {
                (Caller::Anonymous, Some(peer)) => peer.to_string().into(),
                _ => self.identity.key.as_str().into(),
            };
            self.process.limits.open_stream(&key, peer)?;
            self.stream_of = Some(key);
        }
        Ok(())
    }

    fn kind(&self, method: &Method) -> Kind {
        Kind {
            is_streaming: method.is_streaming(),
            is_anonymous: self.identity.caller == Caller::Anonymous,
        }
    }

    /// Ends the call with an error of the chassis.
    pub(crate) fn refuse(mut self, status: Status) -> Response<Body> {
        let mut response = status.into_http();
        self.finish_with(response.headers_mut());
        response
    }

    /// Hands the method's response on; the call ends with its body.
    pub(crate) fn answer(
        mut self,
        mut response: Response<Body>,
        tail: TailOptions,
    ) -> Response<Body> {
        if response.headers().contains_key("grpc-status") {
            self.finish_with(response.headers_mut());
            return response;
        }
        let context = tail.context;
        let ending = tail.is_streaming.then(|| {
            let drain = self.process.drain.clone();
            Ending {
                deadline: Box::pin(tokio::time::sleep_until(context.deadline().instant())),
                drain: Box::pin(async move { drain.started().await }),
            }
        });
        response.map(|body| Body::new(Tail { body, call: self, context, ending }))
    }

    /// Completes the error in these headers or trailers and finishes with it.
    fn finish_with(&mut self, headers: &mut HeaderMap) {
        let error = refusal::complete(headers, self.trace, self.domain());
        self.check_listed(&error.domain, &error.reason);
        self.finish(error.code, &error.reason, error.hidden);
    }

    /// Reports a reason that the contract does not list for the method: callers do not expect it.
    /// Tests fail on it.
    fn check_listed(&self, domain: &str, reason: &str) {
        let Some(method) = &self.method else { return };
        let policy = method.policy;
        let is_own = domain == policy.domain && reason != souk_contract::common::INVALID_FIELD.name;
        // Another process checks its own.
        if is_own
            && !method.is_background
            && method.owner != ELSEWHERE
            && !policy.reasons.contains(&reason)
        {
            tracing::error!(
                "{} failed with {reason}, which its contract does not list",
                method.name()
            );
            metrics::counter!("souk_unlisted_reasons_total", "rpc_method" => method.name(), "reason" => reason.to_owned())
                .increment(1);
        }
    }

    /// Returns the domain of the method, when there is such a method.
    fn domain(&self) -> Option<&'static str> {
        self.method.as_ref().map(|method| method.policy.domain)
    }

    fn finish(&mut self, code: Code, reason: &str, hidden: Option<String>) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        let duration = self.started.elapsed();
        let noted = if code == Code::Ok {
            None
        } else {
            self.context.as_ref().and_then(Context::take_cause)
        };
        let cause = noted.or(hidden);
        let calls = self.method.as_ref().map_or(&self.process.unknown, |method| &method.calls);
        calls.record(code, duration);
        self.process.requests.write(&Line {
            method: self.method.as_ref().map_or("unknown", |method| method.name()),
            code,
            reason,
            duration,
            caller: &self.identity.caller,
            trace: self.trace,
            cause: cause.as_deref(),
            is_background: self.method.as_ref().is_some_and(|method| method.is_background),
        });
        if let Some(span) = self.span.take() {
            span.end(code);
        }
        self.release();
    }

    /// Makes room for the next: at the end of the call, since a caller may hold on to its response
    /// for as long as it likes.
    fn release(&mut self) {
        if let Some(caller) = self.stream_of.take() {
            self.process.limits.close_stream(&caller);
        }
        if std::mem::take(&mut self.holds_slot)
            && let Some(method) = &self.method
        {
            self.process.limits.leave(self.kind(method));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.finish(Code::Internal, refusal::INTERNAL, Some("the method panicked".to_string()));
        } else {
            self.finish(Code::Cancelled, "", None);
        }
    }
}

pub(crate) struct TailOptions {
    pub(crate) context: Context,
    pub(crate) is_streaming: bool,
}

/// The body of a response: watches how the call ends, and ends a stream itself at the deadline and
/// at the drain.
struct Tail {
    body: Body,
    call: Call,
    context: Context,
    ending: Option<Ending>,
}

struct Ending {
    deadline: Pin<Box<Sleep>>,
    drain: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Ending {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Status> {
        if self.deadline.as_mut().poll(task).is_ready() {
            return Poll::Ready(refusal::deadline_exceeded());
        }
        self.drain.as_mut().poll(task).map(|()| refusal::draining())
    }
}

impl Tail {
    /// Ends the response with an error: what the method would still send is dropped.
    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        self.body = Body::empty();
        let mut trailers = HeaderMap::new();
        let _ = status.add_header(&mut trailers);
        self.call.finish_with(&mut trailers);
        Frame::trailers(trailers)
    }

    fn poll_body(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = Pin::new(&mut self.body);
        if self.ending.is_none() {
            return body.poll_frame(task);
        }
        // The stream is the method's own code: it may call upstreams, and it may panic.
        let context = &self.context;
        catch_unwind(AssertUnwindSafe(|| context.enter(|| body.poll_frame(task)))).unwrap_or_else(
            |panic| {
                self.context.note_cause(panic_text(panic.as_ref()));
                Poll::Ready(Some(Err(refusal::internal(self.call.trace))))
            },
        )
    }
}

impl http_body::Body for Tail {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.call.is_finished {
            return Poll::Ready(None);
        }
        if let Some(ending) = &mut this.ending
            && let Poll::Ready(status) = ending.poll(task)
        {
            return Poll::Ready(Some(Ok(this.end(&status))));
        }
        match std::task::ready!(this.poll_body(task)) {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    if trailers.get("grpc-status").is_none_or(|status| status == "0") {
                        this.call.finish(Code::Ok, "", None);
                    } else {
                        this.call.finish_with(trailers);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(status)) => Poll::Ready(Some(Ok(this.end(&status)))),
            None => {
                this.call.finish(Code::Ok, "", None);
                Poll::Ready(None)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.call.is_finished
    }
}

/// Returns what a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a text"))
}
