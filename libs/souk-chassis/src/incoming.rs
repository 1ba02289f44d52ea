//! The steps of every request before and after its method, in reading order. Calls within this
//! process and over the network take the same path.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response};
use souk_contract::{Caller, Criticality, Deadline, NotAdmitted};
use tokio::time::timeout_at;
use tonic::Status;
use tonic::body::Body;

use crate::call::{Call, TailOptions, panic_text};
use crate::caller::Identity;
use crate::context::Context;
use crate::deadline::{GRPC_TIMEOUT, MalformedTimeout, timeout_asked};
use crate::message_limit;
use crate::method::Method;
use crate::peers::Permit;
use crate::process::Process;
use crate::refusal;
use crate::trace::Trace;
use crate::wire::{self, Refusal};

pub(crate) const CRITICALITY: &str = "souk-criticality";

/// How a request came here.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Over a connection, which has a share of what this process can do.
    Network(Arc<Permit>),
    /// From an upstream in this process that knows us as the service of this name.
    Local(&'static str),
}

/// Serves one request: finds its method, lets it through or refuses it, and answers.
///
/// Dropping the future cancels the method; dropping the body of the response cancels its stream.
pub(crate) async fn serve(
    process: Arc<Process>,
    request: Request<Body>,
    origin: Origin,
) -> Response<Body> {
    // 1. Trace. It comes first so that whatever happens from here on can be found again.
    let mut trace = Trace::arriving(request.headers());

    // 2. The method: one look-up in a table that was made at the start, or one that is passed on.
    //    Its path is exact, without a query.
    let method = process.method(request.uri().path());
    let method = method.filter(|method| match &origin {
        Origin::Network(_) => request.uri().query().is_none(),
        Origin::Local(upstream) => method.owner == *upstream || method.owner.is_empty(),
    });

    // 3. Log line and metrics: whatever way `call` ends, also by being dropped, it is logged and
    //    counted once.
    let mut call = Call::begin(&process, method.clone(), &mut trace);
    if let Origin::Network(_) = &origin
        && let Err(refusal) = wire::check(&request)
    {
        let (status, http) = refusal.split();
        return Refusal::mark(http, call.refuse(status));
    }
    let Some(method) = method else {
        let path = request.uri().path();
        let not_yet = process.passthrough.not_yet(path);
        return call.refuse(not_yet.unwrap_or_else(|| refusal::unimplemented(path)));
    };

    // 4. Deadline, identity, access, limits: all from the headers, before a byte of the message is
    //    decoded.
    let context = match admit(&process, &method, &request, &origin, trace, &mut call) {
        Ok(context) => context,
        Err(status) => return call.refuse(status),
    };

    // 5. The method, with decoding and validation in its codec. A panic stays in this request; at
    //    the deadline it is dropped wherever it waits; a stream ends at the drain, a single
    //    response may still be finished.
    let is_streaming = method.is_streaming();
    let handler =
        AssertUnwindSafe(context.scope(run(&process, &method, &context, request))).catch_unwind();
    let handler = timeout_at(context.deadline().instant(), handler);
    let outcome = if is_streaming {
        tokio::select! {
            biased;
            () = process.drain.started() => return call.refuse(refusal::draining()),
            outcome = handler => outcome,
        }
    } else {
        handler.await
    };
    match outcome {
        Ok(Ok(Ok(response))) => call.answer(response, TailOptions { context, is_streaming }),
        Ok(Ok(Err(status))) => call.refuse(status),
        Ok(Err(panic)) => {
            context.note_cause(panic_text(panic.as_ref()));
            let trace = call.trace;
            call.refuse(refusal::internal(trace))
        }
        Err(_elapsed) => call.refuse(refusal::deadline_exceeded()),
    }
}

/// Decides from the headers alone whether a request may go on, and in which context.
fn admit(
    process: &Process,
    method: &Method,
    request: &Request<Body>,
    origin: &Origin,
    trace: Trace,
    call: &mut Call,
) -> Result<Context, Status> {
    let headers = request.headers();

    // Deadline: the caller's or the contract's, whichever is earlier. After it has passed, the
    // response is not awaited any more.
    let started = call.started();
    let mut deadline = Deadline::from_start(started, method.policy.timeout);
    let asked = timeout_asked(headers).map_err(|MalformedTimeout| {
        let what = "malformed grpc-timeout: it is 1 to 8 digits and one of H, M, S, m, u, n";
        refusal::malformed(method.policy.domain, GRPC_TIMEOUT, what)
    })?;
    if let Some(asked) = asked {
        if asked.is_zero() {
            return Err(refusal::deadline_exceeded());
        }
        deadline = deadline.earlier(Deadline::from_start(started, asked));
    }

    // Identity: within the process development tokens are always good, from outside only over
    // loopback.
    let development_tokens = process.is_loopback || matches!(origin, Origin::Local(_));
    let identity = process.verifier.identify(headers, development_tokens)?;
    call.identified(identity.clone());

    // Access: by the contract's table.
    allow(method, &identity)?;

    // Limits: the share of the connection and of its peer, then what the process and the caller may
    // have.
    let criticality = criticality(method, headers, &identity);
    match origin {
        Origin::Network(permit) if method.is_background => {
            permit.admit_background(method.is_streaming())?
        }
        Origin::Network(permit) => permit.admit(&identity)?,
        Origin::Local(_) => {}
    }
    let peer = match origin {
        Origin::Network(permit) => Some(permit.peer()),
        Origin::Local(_) => None,
    };
    call.admit(method, criticality, peer)?;

    let context = Context::new(identity, deadline, criticality, trace);
    call.in_context(&context);
    Ok(context)
}

/// Checks the caller's kind and scopes.
fn allow(method: &Method, identity: &Identity) -> Result<(), Status> {
    let caller = &identity.caller;
    method.policy.admit(caller, &identity.scopes).map_err(|lack| match lack {
        NotAdmitted::Kind if *caller == Caller::Anonymous => {
            refusal::unauthenticated("this method requires an authenticated caller")
        }
        NotAdmitted::Guest => refusal::access_denied(
            format!("{} may be called by a user who has signed in, not by a guest", method.name()),
            &[],
        ),
        NotAdmitted::Kind => refusal::access_denied(
            format!("{} may not be called by {}", method.name(), kind_in_words(caller)),
            &[],
        ),
        NotAdmitted::Scopes(scopes) => refusal::access_denied(
            format!(
                "{} may be called by {} whose token has the scope {}",
                method.name(),
                kind_in_words(caller),
                scopes.join(" and ")
            ),
            &scopes,
        ),
    })
}

fn kind_in_words(caller: &Caller) -> &'static str {
    match caller {
        Caller::Anonymous => "everyone",
        Caller::User(user) if user.is_guest => "a guest",
        Caller::User(_) => "a user",
        Caller::Service(_) => "a service",
        Caller::Staff(_) => "a member of the staff",
    }
}

/// A service passes on the criticality of the work that it does for another caller; all others get
/// the contract's.
fn criticality(method: &Method, headers: &HeaderMap, identity: &Identity) -> Criticality {
    let stated = || headers.get(CRITICALITY)?.to_str().ok().and_then(Criticality::from_name);
    match identity.caller {
        Caller::Service(_) => stated().unwrap_or(method.policy.criticality),
        _ => method.policy.criticality,
    }
}

type Handled = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

/// Returns the running method, with the faults that a test has ordered. It is boxed here, where it
/// is small: what wraps it from outside would otherwise copy it around several times.
fn run(
    process: &Arc<Process>,
    method: &Arc<Method>,
    context: &Context,
    request: Request<Body>,
) -> Handled {
    let most = method.policy.max_request_bytes.min(process.max_message_bytes);
    let request = message_limit::apply(most, &process.decoding, context.caller(), request);
    if process.faults.is_quiet() || method.is_background {
        return Box::pin(method.rpc.call(context, request).map(Ok));
    }
    let process = process.clone();
    let method = method.clone();
    let context = context.clone();
    Box::pin(async move {
        let run = |request| method.rpc.call(&context, request);
        process.faults.around(method.name(), request, run).await
    })
}

#[cfg(test)]
mod tests {
    fn size_of_output<F, A, B, C>(_function: fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    // Futures are copied on their way to the heap: at twice the size, copying was a fifth of a call
    // over loopback.
    #[test]
    fn the_future_of_a_request_stays_small() {
        let size = size_of_output(super::serve);
        assert!(size <= 1536, "{size} bytes");
    }
}
