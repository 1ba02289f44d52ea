//! One HTTP/2 connection of the gRPC listener, from its preface to its end.
//!
//! h2 is used directly, below hyper's server, because sending must be accounted for: hyper passes a
//! response to HTTP/2 and forgets it, and what a caller does not read then stays in memory for as
//! long as the caller likes.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::future::poll_fn;
use h2::server::{Builder, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tonic::Status;
use tonic::body::Body;

use crate::caps;
use crate::drain::Drain;
use crate::frames::Frames;
use crate::incoming::{Origin, serve};
use crate::peers::{Connection, Permit};
use crate::process::Process;
use crate::socket::Socket;

/// How long a connection may take to say that it speaks HTTP/2.
const PREFACE_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests at once on one connection, those included that will be refused; a caller with more
/// opens another.
const MAX_CONCURRENT_STREAMS: u32 = 2000;
/// What HTTP/2 itself takes, so that a list that is too long for us is refused in the words of
/// gRPC.
const MAX_HEADER_LIST_BYTES: u32 = 64 << 10;
// Batches of the ledger are megabytes; with smaller windows each would wait for several round
// trips.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// How far a stream may be ahead of what its caller has taken before it is asked for more.
const MAX_AHEAD_BYTES: usize = 256 << 10;

/// Serves the connection until it ends; when the drain begins, until its calls have ended.
pub(crate) async fn serve_connection(
    stream: TcpStream,
    process: Arc<Process>,
    connection: Arc<Connection>,
    drain: Drain,
) {
    // A small answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut http2 =
        match timeout(PREFACE_TIMEOUT, builder.handshake::<_, Unsent>(socket.clone())).await {
            Ok(Ok(http2)) => http2,
            Ok(Err(_no_http2)) => return,
            Err(_elapsed) => {
                return caps::refused(
                    &caps::PREFACE_SECONDS,
                    PREFACE_TIMEOUT.as_secs(),
                    &connection.peer.address,
                );
            }
        };
    let Some(ping_pong) = http2.ping_pong() else { return };
    let mut silence = pin!(silence(ping_pong));
    let mut drained = pin!(drain.started());
    let mut is_draining = false;
    // How a connection ends is the caller's affair; requests on it are logged one by one.
    loop {
        tokio::select! {
            biased;
            () = &mut drained, if !is_draining => {
                is_draining = true;
                http2.graceful_shutdown();
            }
            accepted = http2.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    tokio::spawn(answer(process.clone(), request, respond, Permit::new(&connection)));
                }
                Some(Err(_)) | None => break,
            },
            () = &mut silence => return,
        }
    }
    drop(http2);
    if is_draining {
        socket.wait_for_close().await;
    }
}

/// Ends when the other side no longer answers.
async fn silence(mut ping_pong: PingPong) {
    loop {
        sleep(KEEP_ALIVE_EVERY).await;
        match timeout(KEEP_ALIVE_TIMEOUT, ping_pong.ping(Ping::opaque())).await {
            Ok(Ok(_pong)) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Serves one request and sends the response. A caller that goes away meanwhile drops the work.
async fn answer(
    process: Arc<Process>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Unsent>,
    permit: Arc<Permit>,
) {
    let policy = process.method(request.uri().path()).map(|method| method.policy);
    let frames = Frames::new(policy);
    let is_single = policy.is_none_or(|policy| !policy.server_streaming);
    let request =
        request.map(|stream| Body::new(Received { stream, frames, is_single, is_ended: false }));

    // Boxed, since it would be moved several times on its way into this task.
    let mut serving = Box::pin(serve(process, request, Origin::Network(permit.clone())));
    let served = poll_fn(|task| match serving.as_mut().poll(task) {
        Poll::Ready(response) => Poll::Ready(Some(response)),
        Poll::Pending => respond.poll_reset(task).map(|_gone| None),
    });
    let Some(response) = served.await else { return };
    drop(serving);

    let (parts, body) = response.into_parts();
    let is_whole = body.is_end_stream();
    let Ok(stream) = respond.send_response(Response::from_parts(parts, ()), is_whole) else {
        return;
    };
    if !is_whole {
        send(Sending { stream, body, permit, is_single }).await;
    }
}

struct Sending {
    stream: SendStream<Unsent>,
    body: Body,
    permit: Arc<Permit>,
    /// A single response is taken from the method at once, so that the method's part ends; how long
    /// it then takes to send is the connection's affair.
    is_single: bool,
}

/// Sends the body of a response, until its last byte is written to the socket or the caller's time
/// to take it is over.
async fn send(mut sending: Sending) {
    let mut overdue = pin!(None::<Sleep>);
    let mut unsent_before = 0;
    let mut is_ended = false;
    let reset = poll_fn(|task| {
        let reset = loop {
            if sending.stream.poll_reset(task).is_ready() {
                return Poll::Ready(None);
            }
            let unsent = sending.permit.unsent(task.waker());
            if !is_ended && (sending.is_single || unsent < MAX_AHEAD_BYTES) {
                match sending.poll_next(task) {
                    Poll::Ready(Ok(has_ended)) => {
                        is_ended = has_ended;
                        continue;
                    }
                    Poll::Ready(Err(reason)) => break reason,
                    Poll::Pending => {}
                }
            }
            if unsent == 0 {
                if is_ended {
                    return Poll::Ready(None);
                }
                overdue.set(None);
                return Poll::Pending;
            }
            if overdue.is_none() || unsent < unsent_before {
                overdue.set(Some(sleep(sending.permit.time_to_send(unsent))));
            }
            unsent_before = unsent;
            std::task::ready!(
                overdue.as_mut().as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(task))
            );
            sending.permit.send_timed_out();
            break Reason::CANCEL;
        };
        Poll::Ready(Some(reset))
    });
    if let Some(reason) = reset.await {
        sending.stream.send_reset(reason);
    }
}

impl Sending {
    /// Hands the next part of the body to HTTP/2. Returns whether it was the last, or why the
    /// stream must be reset.
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<bool, Reason>> {
        let sent = match std::task::ready!(Pin::new(&mut self.body).poll_frame(task)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    let is_allowed = self.permit.add_unsent(data.len());
                    let data = Unsent { length: data.len(), data, permit: self.permit.clone() };
                    if is_allowed {
                        self.stream.send_data(data, false).map(|()| false)
                    } else {
                        // The caller's work is dropped, and the response ends with the reason.
                        self.body = Body::empty();
                        let mut trailers = HeaderMap::new();
                        let _ = self.permit.unsent_is_too_much().add_header(&mut trailers);
                        self.stream.send_trailers(trailers).map(|()| true)
                    }
                }
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => self.stream.send_trailers(trailers).map(|()| true),
                    Err(_unknown) => Ok(false),
                },
            },
            Some(Err(_status)) => return Poll::Ready(Err(Reason::INTERNAL_ERROR)),
            None => {
                let nothing = Unsent { length: 0, data: Bytes::new(), permit: self.permit.clone() };
                self.stream.send_data(nothing, true).map(|()| true)
            }
        };
        // It cannot be sent when the caller is gone.
        Poll::Ready(sent.map_err(|_gone| Reason::CANCEL))
    }
}

/// A part of a response on its way to the socket. HTTP/2 drops it once it is written, or thrown
/// away.
struct Unsent {
    data: Bytes,
    length: usize,
    permit: Arc<Permit>,
}

impl Buf for Unsent {
    fn remaining(&self) -> usize {
        self.data.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.data
    }

    fn advance(&mut self, count: usize) {
        self.data.advance(count);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.permit.remove_unsent(self.length);
    }
}

/// The body of a request, checked as it comes.
struct Received {
    stream: RecvStream,
    frames: Frames,
    /// Whether the method gives a single response, for which it reads this to its end.
    is_single: bool,
    is_ended: bool,
}

impl Received {
    /// Ends the request of a caller that is gone. If a single response is awaited, the waiter drops
    /// all of this, and half an upload must not look complete; a bidirectional stream may be read
    /// by its own task.
    fn broken_off(&self) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_single {
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Status::cancelled("the caller is gone"))))
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.is_ended {
            match std::task::ready!(self.stream.poll_data(task)) {
                Some(Ok(data)) => {
                    let _ = self.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(self.frames.check(&data).map(|()| Frame::data(data))));
                }
                Some(Err(_gone)) => return self.broken_off(),
                None => self.is_ended = true,
            }
            if let Err(status) = self.frames.end() {
                return Poll::Ready(Some(Err(status)));
            }
        }
        match std::task::ready!(self.stream.poll_trailers(task)) {
            Ok(trailers) => Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers)))),
            Err(_gone) => self.broken_off(),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream() && self.is_ended
    }
}
