//! The gRPC listener: HTTP/2 connections, each served until it ends or the process drains.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tonic::body::Body;
use tracing::warn;

use crate::definition::StartError;
use crate::drain::Drain;
use crate::incoming::{Origin, serve};
use crate::process::Process;

const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests at once on one connection; a caller with more opens another.
const MAX_CONCURRENT_STREAMS: u32 = 2000;
const MAX_HEADER_BYTES: u32 = 16 << 10;
// Batches of the ledger are megabytes; with smaller windows each would wait for several round trips.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// Binds an address that a setting names.
pub(crate) async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::new(format!("{key}: cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(failed)
}

/// Accepts connections until the drain begins, then waits until all of them have ended.
pub(crate) async fn accept_forever(listener: TcpListener, process: Arc<Process>, drain: Drain) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = drain.started() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, process.clone(), drain.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most of the time: existing connections must end first.
                    warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve_connection(stream: TcpStream, process: Arc<Process>, drain: Drain) {
    // A small answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        // Boxed, since hyper moves it several times on its way to a task.
        Box::pin(serve(process.clone(), request.map(Body::new), Origin::Network).map(Ok::<_, Infallible>))
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is the caller's affair; requests on it are logged one by one.
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = drain.started() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
