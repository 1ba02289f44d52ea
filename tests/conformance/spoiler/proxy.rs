//! gRPC: passes requests and answers on as they come, with what is to be broken in headers, messages and trailers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use souk_chassis::Caller;
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::spoils::Spoils;

type Body = BoxBody<Bytes, hyper::Error>;

/// Whose requests pass here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those of callers.
    Server,
    /// Those of the service to a neighbour.
    Client,
}

/// Passes on every connection.
pub async fn accept(listener: TcpListener, to: SocketAddr, side: Side, spoils: Spoils) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, to, side, spoils.clone()));
    }
}

async fn connection(stream: TcpStream, to: SocketAddr, side: Side, spoils: Spoils) {
    let Ok(behind) = TcpStream::connect(to).await else { return };
    let _ = (stream.set_nodelay(true), behind.set_nodelay(true));
    let handshake = client::Builder::new(TokioExecutor::new()).handshake::<_, Incoming>(TokioIo::new(behind)).await;
    let Ok((sender, driver)) = handshake else { return };
    tokio::spawn(driver);
    let serve = service_fn(move |request| {
        let (mut sender, spoils) = (sender.clone(), spoils.clone());
        async move {
            let path = request.uri().path().to_owned();
            let request = spoil_request(request, side, &spoils);
            let refused = || Ok::<_, hyper::Error>(unavailable());
            if sender.ready().await.is_err() {
                return refused();
            }
            match sender.send_request(request).await {
                Ok(answer) => Ok(spoil_answer(answer, &path, side, spoils)),
                Err(_) => refused(),
            }
        }
    });
    let _ = server::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve).await;
}

fn unavailable() -> Response<Body> {
    let status = Status::with_error_details(
        Code::Unavailable,
        "stopping",
        ErrorDetails::with_error_info("ERROR_REASON_DRAINING", "souk.policy.v1", HashMap::new()),
    );
    let mut response = Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let _ = status.add_header(response.headers_mut());
    response
}

fn spoil_request(mut request: Request<Incoming>, side: Side, spoils: &Spoils) -> Request<Incoming> {
    let path = request.uri().path().to_owned();
    let headers = request.headers_mut();
    let token = headers.get("authorization").map(|value| value.as_bytes().starts_with(b"Bearer souk-dev."));
    let takes_away: &[(&str, &str)] = match side {
        Side::Client => &[
            ("calls-anonymous", "authorization"),
            ("calls-endless", "grpc-timeout"),
            ("calls-untraced", "traceparent"),
        ],
        Side::Server => &[("deadlines", "grpc-timeout"), ("traces", "traceparent")],
    };
    for (spoil, header) in takes_away {
        if spoils.has(spoil) {
            headers.remove(*header);
        }
    }
    if side == Side::Server && spoils.has("wrong-tokens") && token == Some(false) {
        headers.remove("authorization");
    }
    if side == Side::Server && spoils.has("anonymous") && token.is_none() && path.starts_with("/souk.") {
        let own = souk_chassis::identity::development_token(&Caller::Staff("anybody".into()));
        let value = HeaderValue::from_str(&format!("Bearer {own}")).expect("a token is a header");
        headers.insert("authorization", value);
    }
    if spoils.has("reflection-alpha") && path.starts_with("/grpc.reflection.v1alpha.") {
        *request.uri_mut() = http::Uri::from_static("http://souk/grpc.reflection.v1alpha.NoSuchService/Ask");
    }
    request
}

fn spoil_answer(answer: Response<Incoming>, path: &str, side: Side, spoils: Spoils) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    if side == Side::Client {
        return Response::from_parts(head, body.boxed());
    }
    let code = head.headers.get("grpc-status").and_then(|code| code.to_str().ok()).unwrap_or_default().to_owned();
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
        let body = Full::new(Bytes::from_static(message)).with_trailers(async move { Some(Ok(trailers)) });
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
                "/grpc.health.v1.Health/Check" if spoils.has("health-check") && *data == [0, 0, 0, 0, 2, 8, 1] => {
                    Frame::data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 0]))
                }
                _ if spoils.has("writes") => Frame::data(forgetful(&path, data)),
                _ => Frame::data(data),
            }
        }
    });
    Response::from_parts(head, body.boxed())
}

/// Makes every answer of a write another: a field that nobody knows counts them.
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
            "souk.policy.v1",
            HashMap::from([("table".to_owned(), "products".to_owned())]),
        );
        put(headers, &Status::with_error_details(Code::Internal, "no row in table products", details));
    }
    if spoils.has("reused-ids") && status.code() == Code::FailedPrecondition && is_ours {
        let info = status.get_details_error_info();
        let reason = info.map(|info| info.reason).unwrap_or_default();
        let details = ErrorDetails::with_error_info(reason, "souk.policy.v1", HashMap::new());
        put(headers, &Status::with_error_details(Code::AlreadyExists, status.message(), details));
    }
    for (spoil, from, to) in [
        ("field-names", "page_size", "pageSize_"),
        ("access-reason", "ERROR_REASON_ACCESS_DENIED", "ERROR_REASON_NOT_FOR_YOU__"),
        ("too-large", "ERROR_REASON_MESSAGE_TOO_LARGE", "ERROR_REASON_TOO_MANY_BYTES___"),
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
    while let Some(at) = details.windows(from.len()).position(|part| part == from.as_bytes()) {
        details[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    put(headers, &Status::with_details(status.code(), status.message().replace(from, to), details.into()));
}
