//! An upstream that runs elsewhere: its addresses, which of them are alive, and what a broken
//! connection looks like to a client.
//!
//! tonic's own balanced channel keeps sending to dead addresses, so each address has its own
//! connection and the choice is made here: the next one in turn that is not known to be dead.
//! Load-aware choice (P2C on Peak-EWMA) and outlier ejection will replace [`Endpoints::choose`].

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use souk_contract::Deadline;
use tokio::time::{Instant, Sleep, timeout_at};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::connection::{Connection, Failure, innermost};
use crate::method::OutgoingMethod;
use crate::refusal;
use crate::spans::{Span, Spans};
use crate::start_error::StartError;
use crate::status::code_of;
use crate::trace::Trace;

/// How long an address that could not be reached is skipped while another is there.
const DEAD_FOR: Duration = Duration::from_secs(1);
/// The addresses of one upstream.
pub(crate) struct Endpoints {
    name: Arc<str>,
    list: Vec<Address>,
    next: AtomicUsize,
    started: Instant,
}

struct Address {
    connection: Connection,
    /// Milliseconds after `started` until which the address counts as dead.
    dead_until: AtomicU64,
}

impl Endpoints {
    /// Reads addresses separated by commas; connects to none of them yet.
    pub(crate) fn new(name: &str, addresses: &str) -> Result<Self, StartError> {
        let mut list = Vec::new();
        for address in addresses.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            let with_scheme = if address.contains("://") {
                address.to_string()
            } else {
                format!("http://{address}")
            };
            let connection = Connection::new(&with_scheme).map_err(|why| {
                let key = format!("upstreams.{name}");
                StartError::configuration(
                    &key,
                    address,
                    &format!("must be like http://127.0.0.1:7302 ({why})"),
                )
            })?;
            list.push(Address { connection, dead_until: AtomicU64::new(0) });
        }
        if list.is_empty() {
            let key = format!("upstreams.{name}");
            return Err(StartError::configuration(
                &key,
                addresses,
                "must name an address like http://127.0.0.1:7302",
            ));
        }
        Ok(Endpoints {
            name: name.into(),
            list,
            next: AtomicUsize::new(0),
            started: Instant::now(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the next address in turn that is not known to be dead; the next in turn when all
    /// are.
    fn choose(&self) -> &Address {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let now = self.started.elapsed().as_millis() as u64;
        let mut in_turn = (0..self.list.len())
            .map(|offset| &self.list[turn.wrapping_add(offset) % self.list.len()]);
        let alive = in_turn.find(|address| address.dead_until.load(Ordering::Relaxed) <= now);
        alive.unwrap_or(&self.list[turn % self.list.len()])
    }

    pub(crate) async fn send(
        &self,
        mut request: Request<Body>,
        method: Option<Arc<OutgoingMethod>>,
        deadline: Deadline,
        trace: &Trace,
        spans: Option<&Spans>,
    ) -> Response<Body> {
        let span = spans.map(|spans| {
            let mut trace = trace.clone();
            let span = spans.client(request.uri().path(), &mut trace);
            trace.write(request.headers_mut());
            span
        });
        let mut sent = Sent { method, span, started: Instant::now() };
        let address = self.choose();
        let answer = timeout_at(deadline.instant(), address.connection.send(request)).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(Failure::Broken(why))) => {
                sent.end(Code::Unavailable);
                return refusal::upstream_unavailable(&self.name, &why).into_http();
            }
            Ok(Err(Failure::Unreachable(why))) => {
                let until = (self.started.elapsed() + DEAD_FOR).as_millis() as u64;
                address.dead_until.store(until, Ordering::Relaxed);
                sent.end(Code::Unavailable);
                return refusal::upstream_unavailable(&self.name, &why).into_http();
            }
            Err(_elapsed) => {
                sent.end(Code::DeadlineExceeded);
                return refusal::deadline_exceeded().into_http();
            }
        };
        let response = response.map(Body::new);
        if response.headers().contains_key("grpc-status") {
            sent.end(code_of(&response));
            return response;
        }
        if response.status() != http::StatusCode::OK {
            let why = format!("it responded with HTTP {}", response.status());
            sent.end(Code::Unavailable);
            return refusal::upstream_unavailable(&self.name, &why).into_http();
        }
        let name = self.name.clone();
        response.map(|body| {
            Body::new(Answer { body, name, deadline, timer: None, sent, is_ended: false })
        })
    }
}

/// A call that was sent: counted once, however it ends.
struct Sent {
    method: Option<Arc<OutgoingMethod>>,
    span: Option<Span>,
    started: Instant,
}

impl Sent {
    fn end(&mut self, code: Code) {
        if let Some(method) = self.method.take() {
            method.calls.record(code, self.started.elapsed());
        }
        if let Some(span) = self.span.take() {
            span.end(code);
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The body of an upstream's response: keeps the deadline, and makes a broken connection
/// UNAVAILABLE.
struct Answer {
    body: Body,
    name: Arc<str>,
    deadline: Deadline,
    /// Made when the response is waited for: a short one has come with its head.
    timer: Option<Pin<Box<Sleep>>>,
    sent: Sent,
    is_ended: bool,
}

impl Answer {
    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        self.is_ended = true;
        self.body = Body::empty();
        self.sent.end(status.code());
        let mut trailers = HeaderMap::new();
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.is_ended {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut this.body).poll_frame(task);
        if polled.is_pending() && !this.deadline.is_never() {
            let until = this.deadline.instant();
            let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if timer.as_mut().poll(task).is_ready() {
                return Poll::Ready(Some(Ok(this.end(&refusal::deadline_exceeded()))));
            }
        }
        match ready!(polled) {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let code = trailers
                        .get("grpc-status")
                        .map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
                    this.sent.end(code);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                let status = refusal::upstream_unavailable(&this.name, &innermost(&error));
                Poll::Ready(Some(Ok(this.end(&status))))
            }
            None => {
                this.sent.end(Code::Ok);
                Poll::Ready(None)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended || self.body.is_end_stream()
    }
}
