//! All upstreams of a service in one: records every call and fails it, except for spans.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// The method that takes spans.
const SPANS: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A call that came.
#[derive(Clone)]
pub struct Call {
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

/// The server; it ends with the program.
pub struct Recorder {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Recorder {
    /// Starts on a free port.
    pub async fn start() -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let kept = calls.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let calls = kept.clone();
                let serve = service_fn(move |request| answer(calls.clone(), request));
                let connection = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), serve);
                tokio::spawn(connection);
            }
        });
        Recorder { address, calls }
    }

    /// Returns its address as an upstream's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the calls of services that came so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().iter().filter(|call| call.path != SPANS).cloned().collect()
    }

    /// Returns the bytes of all spans that came so far.
    pub fn spans(&self) -> Vec<Vec<u8>> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| call.path == SPANS).map(|call| call.body.clone()).collect()
    }
}

async fn answer(
    calls: Arc<Mutex<Vec<Call>>>,
    request: http::Request<Incoming>,
) -> Result<http::Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let take_spans = path == SPANS;
    // A stream of requests would not end: its first bytes must do.
    let body = if take_spans {
        body.collect().await.map(|all| all.to_bytes().to_vec()).unwrap_or_default()
    } else {
        Vec::new()
    };
    calls.lock().unwrap().push(Call { path, headers: head.headers, body });

    let response = http::Response::builder().header("content-type", "application/grpc");
    if !take_spans {
        let response = response.header("grpc-status", "14").header("grpc-message", "conformance");
        return Ok(response.body(Full::new(Bytes::new()).boxed()).expect("a valid answer"));
    }
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let empty =
        Full::new(Bytes::from_static(&[0; 5])).with_trailers(async move { Some(Ok(trailers)) });
    Ok(response.body(empty.boxed()).expect("a valid answer"))
}
