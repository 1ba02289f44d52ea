//! The steps of every call to an upstream, in reading order, whether the upstream runs in this
//! process or elsewhere.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use souk_contract::Deadline;
use tonic::body::Body;

use crate::context::Context;
use crate::deadline::{GRPC_TIMEOUT, timeout_asked, timeout_header};
use crate::incoming::{self, CRITICALITY, Origin};
use crate::line::{Line, Target};
use crate::method::OutgoingMethod;
use crate::refusal;
use crate::retry::Retry;
use crate::trace::Trace;

/// Sends one call and returns its response; every failure is a response too, with a gRPC status.
pub(crate) async fn send(line: Arc<Line>, mut request: Request<Body>) -> Response<Body> {
    let method = line.exchange.method(request.uri().path());
    let context = Context::current();

    // 1. Deadline: the caller's own, the contract's, and what is left of the request that this call
    //    is made for.
    let deadline = deadline(request.headers(), method.as_deref(), context.as_ref());
    if deadline.has_passed() {
        return refusal::deadline_exceeded().into_http();
    }

    // 2. Who calls (this service, not its caller), how much it matters, and in which trace.
    let headers = request.headers_mut();
    if let Some(token) = &line.authorization {
        headers.insert(http::header::AUTHORIZATION, token.clone());
    }
    let criticality = context
        .as_ref()
        .map(Context::criticality)
        .or(method.as_ref().map(|m| m.policy.criticality));
    if let Some(criticality) = criticality {
        headers.insert(CRITICALITY, http::HeaderValue::from_static(criticality.name()));
    }
    let trace = match (&context, &line.target) {
        // Within the process the upstream's part hangs right below ours; a connection is a part of
        // its own.
        (Some(context), Target::Local(_)) => context.trace().clone(),
        (Some(context), _) => context.trace().child(),
        (None, _) => Trace::start(),
    };
    // A local upstream starts the trace itself when there is none.
    if context.is_some() || !matches!(line.target, Target::Local(_)) {
        trace.write(headers);
    }

    // 3. A circuit breaker per endpoint, a throttle per service and a retry budget belong here: a
    //    call that is certain to fail, or that would only add to an overload, fails without being
    //    sent.

    // 4. Attempts. Only what the contract calls repeatable is kept for a second one, and only
    //    single messages.
    let may_repeat =
        method.as_ref().is_some_and(|m| m.policy.idempotency.is_repeatable() && !m.is_streaming());
    if !may_repeat {
        return attempt(&line, request, method, deadline, &trace).await;
    }
    let (parts, body) = request.into_parts();
    let message = match body.collect().await {
        Ok(message) => message.to_bytes(),
        Err(status) => return status.into_http(),
    };
    let mut retries = Retry::new();
    loop {
        let again = again(&parts, message.clone());
        let response = attempt(&line, again, method.clone(), deadline, &trace).await;
        // 5. Hedging of reads that ask for it will race a second attempt here.
        match retries.after(&response, deadline) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return response,
        }
    }
}

fn deadline(
    headers: &HeaderMap,
    method: Option<&OutgoingMethod>,
    context: Option<&Context>,
) -> Deadline {
    let mut deadline = context.map_or_else(Deadline::never, Context::deadline);
    if let Some(method) = method {
        deadline = deadline.earlier(Deadline::after(method.policy.timeout));
    }
    if let Ok(Some(asked)) = timeout_asked(headers) {
        deadline = deadline.earlier(Deadline::after(asked));
    }
    deadline
}

/// Sends the call once, with the time that is left now.
async fn attempt(
    line: &Line,
    mut request: Request<Body>,
    method: Option<Arc<OutgoingMethod>>,
    deadline: Deadline,
    trace: &Trace,
) -> Response<Body> {
    if deadline.is_never() {
        request.headers_mut().remove(GRPC_TIMEOUT);
    } else {
        let left = deadline.remaining().max(Duration::from_micros(1));
        request.headers_mut().insert(GRPC_TIMEOUT, timeout_header(left));
    }
    match &line.target {
        // The upstream's whole incoming stack, called directly: it keeps the deadline itself and
        // counts the call.
        Target::Local(name) => match line.exchange.process() {
            Some(process) => incoming::serve(process, request, Origin::Local(name)).await,
            None => refusal::upstream_unavailable(name, "it has not started yet").into_http(),
        },
        // Boxed, so that calls within the process are not the larger for what a connection needs.
        Target::Remote(endpoints) => {
            Box::pin(endpoints.send(request, method, deadline, trace, line.exchange.spans())).await
        }
        Target::Nowhere(name) => {
            let why = "it does not run in this process and has no configured address";
            refusal::upstream_unavailable(name, why).into_http()
        }
    }
}

/// Builds the request of the next attempt.
fn again(parts: &http::request::Parts, message: Bytes) -> Request<Body> {
    let mut request = Request::new(Body::new(Full::new(message)));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers.clone();
    request
}

#[cfg(test)]
mod tests {
    fn size_of_output<F, A, B>(_function: fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    // Futures are copied on their way to the heap: at twice the size, copying was a fifth of a call
    // over loopback.
    #[test]
    fn the_future_of_a_call_stays_small() {
        let size = size_of_output(super::send);
        assert!(size <= 3072, "{size} bytes");
    }
}
