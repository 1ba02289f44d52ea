//! What is known about the current request. It follows the task, so that outgoing calls continue it
//! implicitly.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use souk_contract::{CallInfo, Caller, Criticality, Deadline};

use crate::caller::Identity;
use crate::trace::{Trace, TraceId};

tokio::task_local! {
    static CURRENT: Context;
}

/// The caller, deadline, criticality and trace that the present work belongs to.
///
/// The chassis sets it around every method and every stream. A task that a method spawns does not
/// inherit it: pass `Context::current()` and [`Context::scope`] along.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identity: Arc<Identity>,
    deadline: Deadline,
    criticality: Criticality,
    trace: Trace,
    /// What really went wrong, for the request's own log line; the caller never sees it.
    cause: Mutex<Option<String>>,
}

impl CallInfo for Inner {
    fn caller(&self) -> Caller {
        self.identity.caller.clone()
    }

    fn deadline(&self) -> Deadline {
        self.deadline
    }

    fn note_cause(&self, text: String) {
        *self.cause.lock() = Some(text);
    }
}

impl Context {
    pub(crate) fn new(
        identity: Arc<Identity>,
        deadline: Deadline,
        criticality: Criticality,
        trace: Trace,
    ) -> Self {
        Context(Arc::new(Inner { identity, deadline, criticality, trace, cause: Mutex::new(None) }))
    }

    /// Returns a context for work that no request asked for: a new trace, no deadline, the service
    /// itself as caller.
    pub fn background(service: &str) -> Context {
        let identity = Identity::new(Caller::Service(service.to_string()), Vec::new());
        Context::new(identity, Deadline::never(), Criticality::Critical, Trace::start())
    }

    /// Returns a context for work of `service` that an event triggers: it continues the event's
    /// `traceparent`.
    pub fn following(service: &str, traceparent: &str) -> Context {
        let identity = Identity::new(Caller::Service(service.to_string()), Vec::new());
        Context::new(
            identity,
            Deadline::never(),
            Criticality::Critical,
            Trace::following(traceparent),
        )
    }

    /// Returns the context of the running task, when it has one.
    pub fn current() -> Option<Context> {
        CURRENT.try_with(Context::clone).ok()
    }

    /// Returns this context with a deadline at most `timeout` from now.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Context {
        let deadline = self.0.deadline.earlier(Deadline::after(timeout));
        Context::new(self.0.identity.clone(), deadline, self.0.criticality, self.0.trace.clone())
    }

    /// Returns a context for work of `service` that outlives this request: the same trace and
    /// criticality, no deadline.
    #[must_use]
    pub fn detached(&self, service: &str) -> Context {
        let identity = Identity::new(Caller::Service(service.to_string()), Vec::new());
        Context::new(identity, Deadline::never(), self.0.criticality, self.0.trace.clone())
    }

    /// Runs `work` in this context.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        CURRENT.scope(self.clone(), work).await
    }

    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// Returns who asked for this work.
    pub fn caller(&self) -> &Caller {
        &self.0.identity.caller
    }

    /// Returns the scopes of the caller's token, for a rule that depends on the request. `*` is
    /// every scope.
    pub fn scopes(&self) -> &[String] {
        &self.0.identity.scopes
    }

    /// Returns until when its result is of use.
    pub fn deadline(&self) -> Deadline {
        self.0.deadline
    }

    /// Returns how much it matters, for load shedding further down.
    pub fn criticality(&self) -> Criticality {
        self.0.criticality
    }

    /// Returns the id of the trace, as in logs and in INTERNAL errors.
    pub fn trace_id(&self) -> TraceId {
        self.0.trace.id()
    }

    /// Returns the W3C `traceparent` for what this work sets off, as events carry it.
    pub fn traceparent(&self) -> [u8; 55] {
        self.0.trace.parent_text()
    }

    /// Returns what the frame of a service asks for.
    pub(crate) fn info(&self) -> Arc<dyn CallInfo> {
        self.0.clone()
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.0.trace
    }

    pub(crate) fn note_cause(&self, cause: String) {
        self.0.note_cause(cause);
    }

    pub(crate) fn take_cause(&self) -> Option<String> {
        self.0.cause.lock().take()
    }
}
