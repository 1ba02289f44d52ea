//! One HTTP/2 connection to an address: opened when first used, and reopened when it breaks.
//!
//! hyper's own handle is used directly. tonic's channel passes every call through a queue to a task
//! of its own, and each of these wake-ups costs more than everything that the chassis adds to a
//! call.

use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tonic::body::Body;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// How many streams are opened before the server has said how many it takes.
const FIRST_STREAMS: usize = 100;

pub(crate) struct Connection {
    authority: Authority,
    /// Host and port; the host is looked up again with every new connection.
    address: String,
    current: Mutex<Option<SendRequest<Body>>>,
    /// Held by the one call that connects while the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

/// Why a call got no response.
pub(crate) enum Failure {
    /// There is no connection; the call was not sent.
    Unreachable(String),
    /// The connection broke during the call, so its outcome is unknown.
    Broken(String),
}

impl Connection {
    /// Takes an address like `http://127.0.0.1:7302`; says what is wrong with another.
    pub(crate) fn new(address: &str) -> Result<Self, String> {
        let uri: Uri = address.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err("only http is spoken for now".to_string());
        }
        let authority = uri.authority().cloned().ok_or("it names no host")?;
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        Ok(Connection {
            authority,
            address,
            current: Mutex::new(None),
            connecting: tokio::sync::Mutex::default(),
        })
    }

    /// Sends one request. Dropping the future, or the body of the response, resets its stream.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        let mut request = self.addressed(request);
        // A connection that the server closed just now hands the request back, unsent; one new
        // connection is tried.
        for _attempt in 0..2 {
            let mut sender = self.sender().await?;
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::Broken(innermost(error.error()))),
                },
            }
        }
        Err(Failure::Unreachable("the connection is closed as soon as it is made".to_string()))
    }

    fn current(&self) -> Option<SendRequest<Body>> {
        self.current.lock().as_ref().filter(|sender| !sender.is_closed()).cloned()
    }

    async fn sender(&self) -> Result<SendRequest<Body>, Failure> {
        if let Some(sender) = self.current() {
            return Ok(sender);
        }
        let _turn = self.connecting.lock().await;
        if let Some(sender) = self.current() {
            return Ok(sender);
        }
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.connect());
        let sender = match connecting.await {
            Ok(connected) => connected.map_err(Failure::Unreachable)?,
            Err(_elapsed) => {
                return Err(Failure::Unreachable(format!(
                    "no connection within {CONNECT_TIMEOUT:?}"
                )));
            }
        };
        *self.current.lock() = Some(sender.clone());
        Ok(sender)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let stream = TcpStream::connect(&self.address).await.map_err(|error| error.to_string())?;
        // A small request must not wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE_EVERY)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .initial_max_send_streams(FIRST_STREAMS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| innermost(&error))?;
        // The calls on it learn its end, one by one.
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Names the host in the request; the generated client names the method only.
    fn addressed(&self, mut request: Request<Body>) -> Request<Body> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        request
    }
}

/// Returns the root cause of an error: "connection refused" and not "transport error".
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
