//! The errors of the chassis itself, always with `google.rpc.ErrorInfo`, and the final treatment of
//! every error.

use std::collections::HashMap;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use prost::Message as _;
use prost_types::Any;
use souk_contract::REASON_INVALID_FIELD as INVALID_FIELD;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _, pb};

use crate::trace::TraceId;

/// The domain of the reasons that are not a service's own.
pub(crate) const DOMAIN: &str = "souk.policy";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const HIDDEN: &str = "internal error";

pub(crate) const OVERLOADED: &str = "ERROR_REASON_OVERLOADED";
pub(crate) const INTERNAL: &str = "ERROR_REASON_INTERNAL";
pub(crate) const UPSTREAM_UNAVAILABLE: &str = "ERROR_REASON_UPSTREAM_UNAVAILABLE";
pub(crate) const MESSAGE_TOO_LARGE: &str = "ERROR_REASON_MESSAGE_TOO_LARGE";
pub(crate) const FAULT_INJECTED: &str = "ERROR_REASON_FAULT_INJECTED";

/// Builds an error with its reason; `metadata` are facts that a client may act on.
pub(crate) fn status(
    code: Code,
    reason: &str,
    message: impl Into<String>,
    metadata: &[(&str, &str)],
) -> Status {
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect();
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_error_info(reason, DOMAIN, metadata),
    )
}

pub(crate) fn unauthenticated(message: &str) -> Status {
    status(Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED", message, &[])
}

/// Refuses a caller that may not call; `scopes` are those that its token lacks.
pub(crate) fn access_denied(message: String, scopes: &[&str]) -> Status {
    let lacking = scopes.join(",");
    let metadata = [("scopes", lacking.as_str())];
    let metadata = if scopes.is_empty() { &[][..] } else { &metadata[..] };
    status(Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED", message, metadata)
}

pub(crate) fn deadline_exceeded() -> Status {
    status(Code::DeadlineExceeded, "ERROR_REASON_DEADLINE_EXCEEDED", "the deadline has passed", &[])
}

pub(crate) fn draining() -> Status {
    status(Code::Unavailable, "ERROR_REASON_DRAINING", "this process is shutting down, retry", &[])
}

/// When to come back after a refusal for want of capacity: requests end soon, streams last longer.
const OVERLOADED_DELAY: Duration = Duration::from_millis(100);
const STREAMS_DELAY: Duration = Duration::from_secs(1);

pub(crate) fn overloaded(message: String) -> Status {
    exhausted(OVERLOADED, message, OVERLOADED_DELAY)
}

pub(crate) fn too_many_streams(message: String) -> Status {
    exhausted("ERROR_REASON_TOO_MANY_STREAMS", message, STREAMS_DELAY)
}

/// Builds the refusal of a cap: every one says when to come back.
fn exhausted(reason: &str, message: String, delay: Duration) -> Status {
    let mut details =
        ErrorDetails::with_error_info(reason, DOMAIN, HashMap::<String, String>::new());
    details.set_retry_info(Some(delay));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Builds the refusal of a request that cannot be read; `field` is a header, or empty for the
/// message itself.
pub(crate) fn malformed(domain: &str, field: &str, what: &str) -> Status {
    let mut details = ErrorDetails::with_bad_request_violation(field, what);
    details.set_error_info(
        souk_contract::REASON_INVALID_FIELD,
        domain,
        HashMap::<String, String>::new(),
    );
    Status::with_error_details(Code::InvalidArgument, what, details)
}

pub(crate) fn headers_too_large(bytes: usize, most: usize) -> Status {
    let message =
        format!("the headers of the request have {bytes} bytes, at most {most} are allowed");
    status(Code::ResourceExhausted, "ERROR_REASON_HEADERS_TOO_LARGE", message, &[])
}

pub(crate) fn compressed(encoding: &str) -> Status {
    let message =
        format!("the request is compressed with {encoding}, but only identity is accepted");
    status(
        Code::Unimplemented,
        "ERROR_REASON_UNSUPPORTED_COMPRESSION",
        message,
        &[("accepted", "identity")],
    )
}

pub(crate) fn message_too_large(bytes: usize, most: usize) -> Status {
    let message = format!("a message of {bytes} bytes is too large, at most {most} are allowed");
    status(Code::ResourceExhausted, MESSAGE_TOO_LARGE, message, &[])
}

pub(crate) fn unimplemented(path: &str) -> Status {
    let message = format!("unknown method {path}");
    status(Code::Unimplemented, "ERROR_REASON_UNIMPLEMENTED", message, &[])
}

pub(crate) fn internal(trace: TraceId) -> Status {
    status(Code::Internal, INTERNAL, HIDDEN, &[("trace_id", &trace.to_string())])
}

pub(crate) fn upstream_unavailable(upstream: &str, why: &str) -> Status {
    let message = format!("{upstream} cannot be reached: {why}");
    status(Code::Unavailable, UPSTREAM_UNAVAILABLE, message, &[("service", upstream)])
}

/// Returns whether the code needs an operator's attention, so that its text is for us and not for
/// the caller.
pub(crate) fn is_our_fault(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// What an error says once it is complete.
pub(crate) struct Completed {
    pub(crate) code: Code,
    pub(crate) reason: String,
    pub(crate) domain: String,
    /// The original text, when the caller does not see it.
    pub(crate) hidden: Option<String>,
}

/// Gives the error in these headers or trailers what every error has: a reason, and a hidden text
/// with the trace id when it is our fault. A wrong field is of the domain of its method, wherever
/// it was found.
pub(crate) fn complete(
    headers: &mut HeaderMap,
    trace: TraceId,
    of_method: Option<&'static str>,
) -> Completed {
    let Some(error) = Status::from_header_map(headers) else {
        return Completed {
            code: Code::Unknown,
            reason: INTERNAL.into(),
            domain: DOMAIN.into(),
            hidden: None,
        };
    };
    let mut code = error.code();
    let mut message = error.message().to_string();
    let mut whole = pb::Status::decode(error.details()).unwrap_or_default();
    let found = whole.details.iter().position(|any| any.type_url == ERROR_INFO);
    let mut info =
        found.and_then(|at| pb::ErrorInfo::decode(whole.details[at].value.as_slice()).ok());

    // What tonic itself refuses has no reason yet, and its code for a long message is not the one
    // gRPC names.
    let is_too_large =
        info.is_none() && code == Code::OutOfRange && message.contains("message length too large");
    if is_too_large {
        code = Code::ResourceExhausted;
        message = message.trim_start_matches("Error, ").to_string();
    }
    let hide = is_our_fault(code);
    let domain = match &info {
        Some(info) if info.reason == INVALID_FIELD => {
            of_method.filter(|domain| info.domain != *domain)
        }
        _ => None,
    };
    let known = info.is_some();
    if known && !hide && domain.is_none() {
        let pb::ErrorInfo { reason, domain, .. } = info.unwrap_or_default();
        return Completed { code, reason, domain, hidden: None };
    }
    let mut info = info.take().unwrap_or_else(|| pb::ErrorInfo {
        reason: if is_too_large { MESSAGE_TOO_LARGE } else { reason_of(code) }.to_string(),
        domain: of_method
            .filter(|_| reason_of(code) == INVALID_FIELD && !is_too_large)
            .unwrap_or(DOMAIN)
            .to_string(),
        metadata: HashMap::new(),
    });
    if let Some(domain) = domain {
        info.domain = domain.to_string();
    }
    let mut hidden = None;
    if hide {
        info.metadata.insert("trace_id".to_string(), trace.to_string());
        // A cause that souk-contract has already hidden is in the context, not here.
        hidden = (message != HIDDEN).then(|| std::mem::replace(&mut message, HIDDEN.to_string()));
    }
    let reason = info.reason.clone();
    let domain = info.domain.clone();
    let any = Any { type_url: ERROR_INFO.to_string(), value: info.encode_to_vec() };
    match found {
        Some(at) => whole.details[at] = any,
        None => whole.details.insert(0, any),
    }
    // A caller that is refused for lack of capacity learns when to retry, even if the method set no
    // RetryInfo.
    if info.reason == OVERLOADED && !whole.details.iter().any(|any| any.type_url == RETRY_INFO) {
        let retry_delay = prost_types::Duration::try_from(OVERLOADED_DELAY).ok();
        let value = pb::RetryInfo { retry_delay }.encode_to_vec();
        whole.details.push(Any { type_url: RETRY_INFO.to_string(), value });
    }
    whole.code = code as i32;
    whole.message.clone_from(&message);
    let metadata = error.metadata().clone();
    let completed =
        Status::with_details_and_metadata(code, message, whole.encode_to_vec().into(), metadata);
    headers.remove("grpc-message");
    if completed.add_header(headers).is_err() {
        headers.insert("grpc-status", HeaderValue::from(Code::Internal as i32));
    }
    Completed { code, reason, domain, hidden }
}

/// Returns the reason of an error that names none itself.
fn reason_of(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument | Code::OutOfRange => INVALID_FIELD,
        Code::Unauthenticated => "ERROR_REASON_UNAUTHENTICATED",
        Code::PermissionDenied => "ERROR_REASON_ACCESS_DENIED",
        Code::DeadlineExceeded => "ERROR_REASON_DEADLINE_EXCEEDED",
        Code::ResourceExhausted => OVERLOADED,
        Code::Unavailable => UPSTREAM_UNAVAILABLE,
        Code::Unimplemented => "ERROR_REASON_UNIMPLEMENTED",
        Code::Aborted => "ERROR_REASON_CONFLICT",
        _ => INTERNAL,
    }
}
