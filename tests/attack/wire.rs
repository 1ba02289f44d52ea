//! HTTP/2 frame by frame (RFC 9113), for clients that no library would let us be.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Where the attacks come from: an address has a share, and honest callers are at another one.
const ATTACKER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);

/// Types of frames.
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const CONTINUATION: u8 = 9;

/// Flags of frames.
pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// The setting of how much of each response may be sent before the client has read some.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection that answers PING and SETTINGS, and takes no notice of what else comes.
pub struct Wire {
    writer: Arc<Mutex<OwnedWriteHalf>>,
    reader: JoinHandle<()>,
}

impl Wire {
    /// Connects and sends the preface with these settings.
    pub async fn open(address: SocketAddr, settings: &[(u16, u32)]) -> Wire {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(ATTACKER).expect("an address of this machine");
        let stream = socket.connect(address).await.expect("the shop listens");
        let (reader, writer) = stream.into_split();
        let writer = Arc::new(Mutex::new(writer));
        let wire = Wire { reader: tokio::spawn(read(reader, writer.clone())), writer };
        let settings: Vec<u8> = settings
            .iter()
            .flat_map(|(key, value)| [&key.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        let _ = wire.send(&[PREFACE, &frame(SETTINGS, 0, 0, &settings)].concat()).await;
        wire
    }

    /// Sends bytes as they are; false when the server has closed the connection.
    pub async fn send(&self, bytes: &[u8]) -> bool {
        self.writer.lock().await.write_all(bytes).await.is_ok()
    }

    /// Returns whether the server has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.reader.is_finished()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut reader: OwnedReadHalf, writer: Arc<Mutex<OwnedWriteHalf>>) {
    let mut head = [0; 9];
    let mut payload = Vec::new();
    while reader.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        payload.resize(length, 0);
        if reader.read_exact(&mut payload).await.is_err() {
            return;
        }
        let answer = match (head[3], head[4] & ACK) {
            (SETTINGS, 0) => frame(SETTINGS, ACK, 0, &[]),
            (PING, 0) => frame(PING, ACK, 0, &payload),
            _ => continue,
        };
        if writer.lock().await.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Returns a frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame is small").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Returns the header block of an anonymous gRPC call, every header as a literal.
pub fn call_head(path: &str) -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "shop"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    headers.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

/// Returns the frames of a whole call.
pub fn call(stream: u32, path: &str, message: &[u8]) -> Vec<u8> {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).expect("a message is small").to_be_bytes());
    body.extend(message);
    let mut frames = frame(HEADERS, END_HEADERS, stream, &call_head(path));
    frames.extend(frame(DATA, END_STREAM, stream, &body));
    frames
}

/// Returns a header of HPACK (RFC 7541) as a literal without indexing.
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.extend(integer(text.len(), 7, 0));
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// Returns a header of HPACK that enters the table of the connection.
pub fn indexed_literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = literal(name, value);
    bytes[0] = 0x40;
    bytes
}

/// Returns a number as HPACK has it: as much as fits into `bits` beside `mark`, the rest in groups
/// of seven.
pub fn integer(number: usize, bits: u32, mark: u8) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    if number < most {
        return vec![mark | number as u8];
    }
    let mut bytes = vec![mark | most as u8];
    let mut rest = number - most;
    while rest >= 128 {
        bytes.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    bytes.push(rest as u8);
    bytes
}
