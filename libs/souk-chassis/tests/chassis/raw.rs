//! A caller that speaks bare HTTP/2, so that it can do what no gRPC library does.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use prost::Message;
use souk_chassis::{Caller, identity};
use tokio::net::TcpStream;
use tonic::Status;

use crate::stage::soon;

pub const ECHO: &str = "/souk.echo.v1.EchoService/Echo";
pub const DOWN: &str = "/souk.echo.v1.EchoService/EchoDown";
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";
pub const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The headers of every gRPC call.
pub const GRPC: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

pub struct Raw {
    sender: SendRequest<Bytes>,
}

impl Raw {
    /// Connects as a normal reader.
    pub async fn connect(address: SocketAddr) -> Raw {
        Self::with_window(address, 1 << 20).await
    }

    /// Connects as a reader with a window of this many bytes.
    pub async fn with_window(address: SocketAddr, bytes: u32) -> Raw {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = Builder::new()
            .initial_window_size(bytes)
            .max_header_list_size(1 << 20)
            .handshake(stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        Raw { sender }
    }

    /// Sends a whole request and returns the beginning of the response.
    pub async fn send(
        &mut self,
        request: Request<()>,
        body: Bytes,
    ) -> Result<Response<RecvStream>, h2::Error> {
        let mut sender = self.sender.clone().ready().await?;
        let (response, mut stream) = sender.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            stream.send_data(body, true)?;
        }
        soon("an answer", response).await
    }

    /// Begins a request, and leaves it to the caller to go on.
    pub async fn begin(&mut self, path: &str, part: Bytes) -> (ResponseFuture, SendStream<Bytes>) {
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (response, mut stream) = sender.send_request(request(path, &GRPC), false).unwrap();
        stream.send_data(part, false).unwrap();
        (response, stream)
    }

    /// Calls a method with a message, anonymously.
    pub async fn call(&mut self, path: &str, message: &impl Message) -> Response<RecvStream> {
        self.send(request(path, &GRPC), framed(&message.encode_to_vec())).await.unwrap()
    }

    /// Calls a method with a message, as a caller.
    pub async fn call_as(
        &mut self,
        caller: &Caller,
        path: &str,
        message: &impl Message,
    ) -> Response<RecvStream> {
        let token = format!("Bearer {}", identity::development_token(caller));
        let headers = [GRPC[0], GRPC[1], ("authorization", token.as_str())];
        self.send(request(path, &headers), framed(&message.encode_to_vec())).await.unwrap()
    }
}

pub fn request(path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://souk{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// Returns the message as gRPC frames it.
pub fn framed(message: &[u8]) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.into()
}

/// Reads a response to its end and returns how it ended.
pub async fn status(response: Response<RecvStream>) -> Status {
    if let Some(status) = Status::from_header_map(response.headers()) {
        return status;
    }
    let mut body = response.into_body();
    while let Some(data) = soon("the body", body.data()).await {
        let length = data.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
    }
    let trailers =
        soon("the trailers", body.trailers()).await.unwrap().expect("an answer has trailers");
    Status::from_header_map(&trailers).expect("trailers have a status")
}
