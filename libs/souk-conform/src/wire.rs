//! gRPC as it is on the wire, so that nothing between us and the service makes up for what it
//! lacks: no deadline that a client keeps by itself, no retry, no message that cannot be broken.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

/// How long a response may take before the service counts as hanging.
const LIMIT: Duration = Duration::from_secs(30);

type Head = Pin<Box<dyn Future<Output = hyper::Result<http::Response<Incoming>>> + Send>>;
type Sent = StreamBody<ReceiverStream<Result<Frame<Bytes>, Infallible>>>;

/// One HTTP/2 connection.
#[derive(Clone)]
pub struct Connection(http2::SendRequest<Sent>);

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub messages: Vec<Vec<u8>>,
    pub status: Status,
    /// The compressions that the head of the response says are accepted.
    pub accepted: Option<String>,
    /// Why there is no status: the connection broke, or nothing came.
    pub broken: Option<String>,
}

/// A response that continues. Its head may come with the first message only, so it is waited for
/// there.
pub struct Stream {
    head: Option<Head>,
    body: Option<Incoming>,
    buffer: BytesMut,
    ended: Option<Status>,
    accepted: Option<String>,
    request: Option<mpsc::Sender<Result<Frame<Bytes>, Infallible>>>,
}

/// A request of which the end has not been sent.
pub struct Held {
    stream: Stream,
    sender: mpsc::Sender<Result<Frame<Bytes>, Infallible>>,
    rest: Bytes,
}

impl Connection {
    /// Opens a connection.
    pub async fn open(address: SocketAddr) -> Result<Connection, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Connection(sender))
    }

    /// Sends messages as they are, and gathers the whole answer.
    pub async fn call(
        &self,
        path: &str,
        headers: &[(&str, String)],
        messages: &[Vec<u8>],
    ) -> Reply {
        let gather = async {
            let mut stream = self.stream(path, headers, messages, false).await?;
            stream.gather().await
        };
        gathered(gather).await
    }

    /// Sends a body of the caller's own making, and gathers the whole answer; `stays_open` leaves
    /// the request without an end.
    pub async fn call_bytes(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
        stays_open: bool,
    ) -> Reply {
        let gather = async {
            let mut stream = self.open_stream(path, headers, vec![body.into()], stays_open).await?;
            stream.gather().await
        };
        gathered(gather).await
    }

    /// Begins a call: sends the head and half of the message.
    pub async fn begin(
        &self,
        path: &str,
        headers: &[(&str, String)],
        message: &[u8],
    ) -> Result<Held, String> {
        let mut stream = self.stream(path, headers, &[], true).await?;
        let sender = stream.request.take().expect("it stays open");
        let mut first = framed(message);
        let rest = first.split_off(first.len() / 2);
        sender.try_send(Ok(Frame::data(first))).expect("nothing was sent yet");
        Ok(Held { stream, sender, rest })
    }

    /// Sends messages and hands over the response as it comes; `stays_open` leaves our side of the
    /// stream open.
    pub async fn stream(
        &self,
        path: &str,
        headers: &[(&str, String)],
        messages: &[Vec<u8>],
        stays_open: bool,
    ) -> Result<Stream, String> {
        let parts = messages.iter().map(|message| framed(message)).collect();
        self.open_stream(path, headers, parts, stays_open).await
    }

    /// Sends the parts of a body as they are.
    async fn open_stream(
        &self,
        path: &str,
        headers: &[(&str, String)],
        parts: Vec<Bytes>,
        stays_open: bool,
    ) -> Result<Stream, String> {
        let (sender, receiver) = mpsc::channel(parts.len().max(1));
        for part in parts {
            sender.try_send(Ok(Frame::data(part))).expect("there is room for all of them");
        }
        let mut request = http::Request::post(format!("http://souk{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(StreamBody::new(ReceiverStream::new(receiver)))
            .map_err(|error| error.to_string())?;
        // What holds the sender holds the stream open.
        let held = stays_open.then_some(sender);
        let mut connection = self.0.clone();
        connection.ready().await.map_err(|error| error.to_string())?;
        let head = Box::pin(connection.send_request(request));
        Ok(Stream {
            head: Some(head),
            body: None,
            buffer: BytesMut::new(),
            ended: None,
            accepted: None,
            request: held,
        })
    }
}

impl Held {
    /// Sends the rest, and gathers the whole answer.
    pub async fn finish(self) -> Reply {
        let Held { mut stream, sender, rest } = self;
        // When the receiver is gone, the response says why.
        let _ = sender.send(Ok(Frame::data(rest))).await;
        drop(sender);
        gathered(stream.gather()).await
    }
}

impl Stream {
    /// Gathers what is left of the response.
    async fn gather(&mut self) -> Result<Reply, String> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await? {
            messages.push(message);
        }
        let accepted = self.accepted.clone();
        Ok(Reply { messages, status: self.status(), accepted, broken: None })
    }

    /// Returns the next message; nothing at the end. A response that breaks off without a status is
    /// an error.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let [_, a, b, c, d, ..] = self.buffer[..] {
                let length = u32::from_be_bytes([a, b, c, d]) as usize;
                if self.buffer.len() >= 5 + length {
                    let framed = self.buffer.split_to(5 + length);
                    return Ok(Some(framed[5..].to_vec()));
                }
            }
            if self.ended.is_some() {
                return Ok(None);
            }
            let Some(body) = &mut self.body else {
                self.begin().await?;
                continue;
            };
            match body.frame().await {
                None => return Err("the answer ends without a status".to_owned()),
                Some(Err(error)) => return Err(format!("the answer breaks off: {error}")),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => {
                        let trailers = frame.into_trailers().unwrap_or_default();
                        let status = Status::from_header_map(&trailers);
                        self.ended = Some(status.ok_or("the trailers have no grpc-status")?);
                    }
                },
            }
        }
    }

    /// Waits for the head of the response. Safe to be dropped while it waits.
    async fn begin(&mut self) -> Result<(), String> {
        let Some(head) = &mut self.head else { return Err("the answer did not begin".to_owned()) };
        let response = head.await;
        self.head = None;
        let (head, body) = response.map_err(|error| error.to_string())?.into_parts();
        self.ended = Status::from_header_map(&head.headers);
        let accepted = head.headers.get("grpc-accept-encoding");
        self.accepted = accepted.and_then(|value| value.to_str().ok()).map(str::to_owned);
        if self.ended.is_none() && head.status != http::StatusCode::OK {
            return Err(format!("HTTP status {}", head.status));
        }
        self.body = Some(body);
        Ok(())
    }

    /// Waits for the next message, for so long.
    pub async fn next_within(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, String> {
        tokio::time::timeout(limit, self.next())
            .await
            .unwrap_or_else(|_| Err(format!("nothing within {limit:?}")))
    }

    /// Returns how it ended.
    pub fn status(&self) -> Status {
        self.ended.clone().unwrap_or_else(|| Status::from_error("it has not ended".into()))
    }
}

impl Reply {
    /// Returns that there is no status, and why.
    pub fn broken(why: String) -> Reply {
        Reply {
            messages: Vec::new(),
            status: Status::from_error(why.clone().into()),
            accepted: None,
            broken: Some(why),
        }
    }

    /// Returns whether a status came, and which code it has.
    pub fn code(&self) -> Option<Code> {
        self.broken.is_none().then(|| self.status.code())
    }
}

async fn gathered(answer: impl Future<Output = Result<Reply, String>>) -> Reply {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(why)) => Reply::broken(why),
        Err(_) => Reply::broken(format!("no answer within {LIMIT:?}")),
    }
}

/// Returns a message with what gRPC puts before it.
pub fn framed(message: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(message.len() + 5);
    framed.push(0);
    framed.extend_from_slice(
        &u32::try_from(message.len()).expect("messages are small").to_be_bytes(),
    );
    framed.extend_from_slice(message);
    framed.into()
}

/// Fetches a page over HTTP/1.1: status, head and body.
pub async fn get(address: SocketAddr, path: &str) -> Result<(u16, String, String), String> {
    let fetch = async {
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: souk\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no HTTP answer")?;
        let status =
            head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no HTTP status")?;
        Ok::<_, String>((status, head.to_lowercase(), body.to_owned()))
    };
    tokio::time::timeout(LIMIT, fetch).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}
