//! The gRPC listener: accepts connections, and refuses those beyond the limits.

use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::caps;
use crate::drain::Drain;
use crate::http2::serve_connection;
use crate::peers::Connection;
use crate::process::Process;
use crate::start_error::StartError;

/// File descriptors that callers never get: databases, brokers, upstreams and the metrics page need
/// some too.
const MAX_RESERVED_DESCRIPTORS: u64 = 64;

/// How long after the beginning of the drain connections are taken that the system had accepted
/// before.
const LAST_CONNECTIONS: Duration = Duration::from_millis(20);

/// Binds an address that a setting names.
pub(crate) async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::new(format!("{key}: cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(failed)
}

/// Accepts connections until the drain begins, then waits until all of them have ended.
pub(crate) async fn accept_forever(listener: TcpListener, process: Arc<Process>, drain: Drain) {
    let own_descriptors = u64::try_from(listener.as_raw_fd()).unwrap_or(0);
    let mut connections = JoinSet::new();
    let serve = |connections: &mut JoinSet<()>, stream: TcpStream, address: SocketAddr| {
        if has_descriptors(&stream, address, own_descriptors)
            && let Some(connection) = admitted(&process, address)
        {
            let serving = serve_connection(stream, process.clone(), connection, drain.clone());
            connections.spawn(serving);
        }
    };
    loop {
        tokio::select! {
            biased;
            () = drain.started() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => serve(&mut connections, stream, address),
                Err(error) => {
                    // Out of file descriptors, most of the time: existing connections must end
                    // first.
                    warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
    // The system has accepted some connections that this process has not: closing the listener
    // would reset them, and what they carry. They end by GOAWAY instead.
    let until = Instant::now() + LAST_CONNECTIONS;
    while let Ok(Ok((stream, address))) = timeout_at(until, listener.accept()).await {
        serve(&mut connections, stream, address);
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Returns the highest file descriptor that a connection may have. The system gives the lowest that
/// is free, so the number of a new connection says how many are taken, and nothing needs to be
/// counted. The limit is read each time, since an operator may change it while the process runs.
fn last_descriptor(own_descriptors: u64) -> u64 {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return u64::MAX };
    // What this process itself needs was open before it listened, most of it.
    let reserved = MAX_RESERVED_DESCRIPTORS.min(limit.saturating_sub(own_descriptors) / 2);
    limit.saturating_sub(reserved)
}

/// Returns whether enough file descriptors are left for everything else; otherwise the connection
/// is closed at once.
fn has_descriptors(stream: &TcpStream, address: SocketAddr, own_descriptors: u64) -> bool {
    let last_descriptor = last_descriptor(own_descriptors);
    let has_descriptors =
        u64::try_from(stream.as_raw_fd()).is_ok_and(|descriptor| descriptor <= last_descriptor);
    if !has_descriptors {
        caps::refused(&caps::DESCRIPTORS, last_descriptor, &address.ip());
    }
    has_descriptors
}

fn admitted(process: &Process, address: SocketAddr) -> Option<Arc<Connection>> {
    process
        .peers
        .connect(address.ip())
        .inspect_err(|(cap, most)| caps::refused(cap, *most as u64, &address.ip()))
        .ok()
}
