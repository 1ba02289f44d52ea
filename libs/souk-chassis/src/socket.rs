//! The socket of one connection. HTTP/2 reads and writes it, and who serves the connection keeps it
//! until the other side has closed too.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the other side may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// One of the holders of a socket.
#[derive(Clone)]
pub(crate) struct Socket(Arc<TcpStream>);

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Socket(Arc::new(stream))
    }

    /// Reads and drops what still comes, until the other side has closed. A socket that is closed
    /// with unread bytes resets the connection, and the other side may then lose the responses that
    /// it has not read yet.
    pub(crate) async fn wait_for_close(&self) {
        let mut dropped = [0; 4096];
        let closing = async {
            loop {
                if self.0.readable().await.is_err() {
                    return;
                }
                match self.0.try_read(&mut dropped) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(0) | Err(_) => return,
                }
            }
        };
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(task))?;
            match self.0.try_read(buf.initialize_unfilled()) {
                Ok(count) => {
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Socket {
    fn poll_write_with(
        &self,
        task: &mut Task<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(task))?;
            match write(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(task, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(task, |stream| stream.try_write_vectored(parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _task: &mut Task<'_>) -> Poll<io::Result<()>> {
        // tokio shuts down what it owns alone; the standard library does it on a second handle.
        let handle = self.0.as_fd().try_clone_to_owned()?;
        Poll::Ready(std::net::TcpStream::from(handle).shutdown(Shutdown::Write))
    }
}
