//! The second listener: passes pages on, with what is to be broken in them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::spoils::Spoils;

/// Passes on one request a connection.
pub async fn accept(listener: TcpListener, to: SocketAddr, spoils: Spoils) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(pass_on(stream, to, spoils.clone()));
    }
}

async fn pass_on(mut stream: TcpStream, to: SocketAddr, spoils: Spoils) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
    let mut behind = TcpStream::connect(to).await?;
    behind.write_all(&request).await?;
    let mut answer = Vec::new();
    behind.read_to_end(&mut answer).await?;
    let mut text = String::from_utf8_lossy(&answer).into_owned();
    // The length of the page no longer counts: it ends with the connection.
    if let Some((head, body)) = text.split_once("\r\n\r\n") {
        let head: String = head
            .split("\r\n")
            .filter(|line| !line.to_lowercase().starts_with("content-length"))
            .collect::<Vec<_>>()
            .join("\r\n");
        text = format!("{head}\r\n\r\n{body}");
    }
    for (spoil, from, to) in [
        ("drain-ready", "HTTP/1.1 503 Service Unavailable", "HTTP/1.1 200 OK"),
        ("closed-pages", "HTTP/1.1 404 Not Found", "HTTP/1.1 401 Unauthorized"),
        ("healthz", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"),
        ("metrics-type", "text/plain; version=0.0.4", "text/html"),
        ("metrics-code", "rpc_response_status_code=", "grpc_code="),
        ("metrics-gauge", "souk_requests_in_work", "souk_requests"),
        (
            "metrics-unknown",
            "rpc_method=\"unknown\"",
            "rpc_method=\"souk.conformance.v1.NoSuchService/NoSuchMethod\"",
        ),
    ] {
        if spoils.has(spoil) {
            text = text.replace(from, to);
        }
    }
    stream.write_all(text.as_bytes()).await
}
