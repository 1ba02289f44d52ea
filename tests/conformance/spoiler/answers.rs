//! Answers on their way back, with what is to be broken in messages and trailers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::proxy::{Body, Side};
use crate::spoils::Spoils;

const INVARIANTS: &str = "/souk.ops.v1.InvariantService/CheckInvariants";

/// Whether the process was asked to end.
static DRAINING: AtomicBool = AtomicBool::new(false);

/// Records that the process was asked to end.
pub fn drain() {
    DRAINING.store(true, Ordering::SeqCst);
}

/// Returns the response as who asked gets it.
pub fn spoil(answer: Response<Incoming>, path: &str, side: Side, spoils: Spoils) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    if side == Side::Client {
        let is_renamed = spoils.has("renamed-events");
        let body = body.map_frame(move |frame| match frame.into_data() {
            Ok(data) if is_renamed => Frame::data(renamed(data)),
            Ok(data) => Frame::data(data),
            Err(frame) => frame,
        });
        return Response::from_parts(head, body.boxed());
    }
    let code = head
        .headers
        .get("grpc-status")
        .and_then(|code| code.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if path == "/grpc.health.v1.Health/List" && spoils.has("closed-health") {
        let details = ErrorDetails::with_error_info(
            "ERROR_REASON_UNAUTHENTICATED",
            "souk.policy",
            HashMap::new(),
        );
        return refused(&Status::with_error_details(Code::Unauthenticated, "who are you", details));
    }
    let health = match path {
        // SERVING, of whatever was asked.
        "/grpc.health.v1.Health/Check" if spoils.has("health-unknown") && code == "5" => {
            Some(&[0, 0, 0, 0, 2, 8, 1][..])
        }
        "/grpc.health.v1.Health/List" if spoils.has("health-list") => Some(&[0, 0, 0, 0, 0][..]),
        _ => None,
    };
    if let Some(message) = health {
        for header in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
            head.headers.remove(header);
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let body =
            Full::new(Bytes::from_static(message)).with_trailers(async move { Some(Ok(trailers)) });
        return Response::from_parts(head, body.map_err(|never| match never {}).boxed());
    }
    spoil_status(&mut head.headers, path, &spoils);
    let path = path.to_owned();
    let body = body.map_frame(move |frame| match frame.into_trailers() {
        Ok(mut trailers) => {
            spoil_status(&mut trailers, &path, &spoils);
            Frame::trailers(trailers)
        }
        Err(frame) => {
            let data = frame.into_data().unwrap_or_default();
            match path.as_str() {
                // UNKNOWN instead of SERVING.
                "/grpc.health.v1.Health/Check"
                    if spoils.has("health-check") && *data == [0, 0, 0, 0, 2, 8, 1] =>
                {
                    Frame::data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 0]))
                }
                "/grpc.health.v1.Health/Watch"
                    if spoils.has("watch-unknown") && *data == [0, 0, 0, 0, 2, 8, 3] =>
                {
                    Frame::data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 0]))
                }
                _ if path.starts_with("/grpc.reflection.") => Frame::data(reflected(data, &spoils)),
                INVARIANTS if spoils.has("invariants-name") => {
                    let mut data = data.to_vec();
                    exchange(&mut data, b"\x0a\x07catalog", b"\x0a\x07another");
                    Frame::data(data.into())
                }
                _ if spoils.has("writes") => Frame::data(forgetful(&path, data)),
                _ => Frame::data(data),
            }
        }
    });
    Response::from_parts(head, body.boxed())
}

/// Returns a response that is an error and nothing else.
pub fn refused(status: &Status) -> Response<Body> {
    let mut response =
        Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let _ = status.add_header(response.headers_mut());
    response
}

/// Lists another service instead of health, and gives methods without an idempotency level.
fn reflected(data: Bytes, spoils: &Spoils) -> Bytes {
    let mut data = data.to_vec();
    if spoils.has("reflection-list") {
        exchange(&mut data, b"grpc.health.v1.Health", b"grpc.health.v1.Wealth");
    }
    if spoils.has("reflection-policy") {
        // `idempotency_level = NO_SIDE_EFFECTS` becomes an unknown field.
        exchange(&mut data, &[0x90, 0x02, 0x01], &[0xa0, 0x02, 0x01]);
    }
    if spoils.has("reflection-unknown") {
        // `error_code = NOT_FOUND` before its `error_message` becomes INVALID_ARGUMENT.
        exchange(&mut data, &[0x08, 0x05, 0x12], &[0x08, 0x03, 0x12]);
    }
    data.into()
}

/// Gives an event another id each time that it comes.
fn renamed(data: Bytes) -> Bytes {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let mut data = data.to_vec();
    let id = format!("conformance-who{}", COUNT.fetch_add(1, Ordering::Relaxed) % 90 + 10);
    exchange(&mut data, b"conformance-whole", id.as_bytes());
    data.into()
}

/// Replaces bytes by others of the same length.
fn exchange(data: &mut [u8], from: &[u8], to: &[u8]) {
    while let Some(at) = data.windows(from.len()).position(|part| part == from) {
        data[at..at + from.len()].copy_from_slice(to);
    }
}

/// Makes every response of a write different: an unknown field counts them.
fn forgetful(path: &str, data: Bytes) -> Bytes {
    static COUNT: AtomicU8 = AtomicU8::new(1);
    if !path.contains("/Create") || data.len() < 5 {
        return data;
    }
    let mut message = data[5..].to_vec();
    message.extend_from_slice(&[0x98, 0x06, COUNT.fetch_add(1, Ordering::Relaxed) & 0x7f]);
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
    framed.extend_from_slice(&message);
    framed.into()
}

fn spoil_status(headers: &mut HeaderMap, path: &str, spoils: &Spoils) {
    let Some(status) = Status::from_header_map(headers) else { return };
    let is_ours = path.starts_with("/souk.");
    if spoils.has("details") && status.code() == Code::NotFound {
        headers.remove("grpc-status-details-bin");
    }
    if spoils.has("internal") && status.code() == Code::NotFound && is_ours {
        let details = ErrorDetails::with_error_info(
            "ERROR_REASON_INTERNAL",
            "souk.policy",
            HashMap::from([("table".to_owned(), "products".to_owned())]),
        );
        put(
            headers,
            &Status::with_error_details(Code::Internal, "no row in table products", details),
        );
    }
    if spoils.has("invariants-field") && path == INVARIANTS {
        replace(headers, "service", "serv1ce");
    }
    if spoils.has("reused-ids") && status.code() == Code::FailedPrecondition && is_ours {
        let info = status.get_details_error_info();
        let reason = info.map(|info| info.reason).unwrap_or_default();
        let details = ErrorDetails::with_error_info(reason, "souk.policy", HashMap::new());
        put(headers, &Status::with_error_details(Code::AlreadyExists, status.message(), details));
    }
    let violations = status
        .get_details_bad_request()
        .map(|request| request.field_violations)
        .unwrap_or_default();
    if spoils.has("garbage")
        && let Some(info) = status.get_details_error_info()
        && violations.iter().any(|violation| violation.field.is_empty())
    {
        let details = ErrorDetails::with_error_info(info.reason, info.domain, info.metadata);
        put(headers, &Status::with_error_details(status.code(), status.message(), details));
    }
    if spoils.has("drain-cuts")
        && status.code() == Code::Ok
        && is_ours
        && DRAINING.load(Ordering::SeqCst)
    {
        put(headers, &Status::cancelled("over now"));
    }
    for (spoil, from, to) in [
        ("field-names", "page_size", "pageSize_"),
        ("access-reason", "ERROR_REASON_ACCESS_DENIED", "ERROR_REASON_NOT_FOR_YOU__"),
        ("other-customer", "ERROR_REASON_OTHER_CUSTOMER", "ERROR_REASON_ANOTHER_PERSON"),
        ("customer-field", "customer_id", "customerId_"),
        ("reserved-fields", "ERROR_REASON_FIELD_NOT_ALLOWED", "ERROR_REASON_FIELD_NOT_FOR_YOU"),
        ("too-large", "ERROR_REASON_MESSAGE_TOO_LARGE", "ERROR_REASON_TOO_MANY_BYTES___"),
        (
            "compression",
            "ERROR_REASON_UNSUPPORTED_COMPRESSION",
            "ERROR_REASON_NOT_ACCEPTED_ENCODING__",
        ),
        ("unimplemented", "ERROR_REASON_UNIMPLEMENTED", "ERROR_REASON_NO_SUCH_THING"),
        ("drain-reason", "ERROR_REASON_DRAINING", "ERROR_REASON_OVER_NOW"),
    ] {
        if spoils.has(spoil) {
            replace(headers, from, to);
        }
    }
}

fn put(headers: &mut HeaderMap, status: &Status) {
    headers.remove("grpc-message");
    headers.remove("grpc-status-details-bin");
    let _ = status.add_header(headers);
}

/// Replaces a text by another of the same length, in the message of an error and in its details.
fn replace(headers: &mut HeaderMap, from: &str, to: &str) {
    let Some(status) = Status::from_header_map(headers) else { return };
    let mut details = status.details().to_vec();
    exchange(&mut details, from.as_bytes(), to.as_bytes());
    put(
        headers,
        &Status::with_details(status.code(), status.message().replace(from, to), details.into()),
    );
}
