//! gRPC: passes requests and answers on as they come.

use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::Response;
use http_body_util::combinators::BoxBody;
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::spoils::Spoils;
use crate::{answers, requests};

pub type Body = BoxBody<Bytes, hyper::Error>;

/// Whose requests pass here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those of callers.
    Server,
    /// Those of the service to an upstream.
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
    let handshake =
        client::Builder::new(TokioExecutor::new()).handshake::<_, Body>(TokioIo::new(behind)).await;
    let Ok((sender, driver)) = handshake else { return };
    let behind = tokio::spawn(driver);
    let serve = service_fn(move |request| {
        let mut sender = sender.clone();
        let spoils = spoils.clone();
        async move {
            let path = request.uri().path().to_owned();
            let is_refused = requests::is_refused(&path, side, &spoils);
            let request = requests::spoil(request, side, &spoils);
            let refused = || Ok::<_, hyper::Error>(unavailable());
            if is_refused || sender.ready().await.is_err() {
                return refused();
            }
            match sender.send_request(request).await {
                Ok(answer) => Ok(answers::spoil(answer, &path, side, spoils)),
                Err(_) => refused(),
            }
        }
    });
    let serving =
        server::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve);
    tokio::select! {
        _ = serving => {}
        // The service must learn that its upstream is gone; a caller learns it from the responses.
        _ = behind, if side == Side::Client => {}
    }
}

fn unavailable() -> Response<Body> {
    let status = Status::with_error_details(
        Code::Unavailable,
        "stopping",
        ErrorDetails::with_error_info("ERROR_REASON_DRAINING", "souk.policy", HashMap::new()),
    );
    answers::refused(&status)
}
