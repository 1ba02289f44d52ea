//! gRPC services that several services of one process serve, such as `souk.operations.v1`: the
//! process offers each once, and a call goes to the service that its request names.
//!
//! Their requests have the name of the service in field 1. A request that names none goes to all of
//! them, and the responses are merged as messages of Protocol Buffers are: lists are joined. Where
//! the contract requires a name, each of them refuses it.

use std::collections::BTreeMap;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::future::join_all;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, StreamBody};
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use souk_contract::MethodServer;
use tonic::Status;
use tonic::body::Body;

use crate::context::Context;
use crate::method::{Answer, Rpc};
use crate::refusal;

/// One byte says whether the message is compressed, four its length.
const PREFIX_BYTES: usize = 5;

/// The field of the name.
const SERVICE: u32 = 1;

/// A method with the services that serve it.
pub(crate) struct Shared {
    domain: &'static str,
    by_service: BTreeMap<&'static str, MethodServer>,
}

impl Shared {
    pub(crate) fn new(domain: &'static str) -> Self {
        Shared { domain, by_service: BTreeMap::new() }
    }

    /// Adds a service; false if it is there already.
    pub(crate) fn add(&mut self, service: &'static str, server: MethodServer) -> bool {
        self.by_service.insert(service, server).is_none()
    }

    fn unknown(&self, name: &str) -> Status {
        let names: Vec<&str> = self.by_service.keys().copied().collect();
        let what = format!("must be one of {}, not {name:?}", names.join(", "));
        refusal::malformed(self.domain, "service", &what)
    }
}

impl Rpc for Shared {
    fn call(&self, context: &Context, request: Request<Body>) -> Answer {
        let info = context.info();
        let servers = self.by_service.clone();
        let domain = self.domain;
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let message = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(status) => return status.into_http(),
            };
            let again = || {
                let body = Body::new(Full::new(message.clone()));
                let mut request = Request::new(body);
                request.headers_mut().clone_from(&head.headers);
                *request.uri_mut() = head.uri.clone();
                *request.method_mut() = head.method.clone();
                request
            };
            // What cannot be read is refused by whichever service gets it.
            let name = named(&message).unwrap_or_default();
            if !name.is_empty() {
                return match servers.get(name.as_str()) {
                    Some(server) => server(info, again()).await,
                    None => {
                        let shared = Shared { domain, by_service: servers };
                        shared.unknown(&name).into_http()
                    }
                };
            }
            merged(join_all(servers.values().map(|server| server(info.clone(), again()))).await)
                .await
        })
    }
}

/// Returns the service that a request names, in the frame of gRPC.
fn named(frame: &Bytes) -> Option<String> {
    let mut message = frame.get(PREFIX_BYTES..)?;
    let mut name = String::new();
    while message.has_remaining() {
        let (tag, kind) = decode_key(&mut message).ok()?;
        if (tag, kind) == (SERVICE, WireType::LengthDelimited) {
            let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
            let (value, rest) = message.split_at_checked(length)?;
            name = String::from_utf8(value.to_vec()).ok()?;
            message = rest;
        } else {
            skip_field(kind, tag, &mut message, DecodeContext::default()).ok()?;
        }
    }
    Some(name)
}

/// Joins the messages of several responses; the first that failed is the response of all.
async fn merged(responses: Vec<Response<Body>>) -> Response<Body> {
    let mut joined = BytesMut::new();
    for response in responses {
        let (head, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body,
            Err(status) => return status.into_http(),
        };
        let trailers = body.trailers().cloned().unwrap_or_default();
        let status =
            Status::from_header_map(&head.headers).or_else(|| Status::from_header_map(&trailers));
        if let Some(status) = status.filter(|status| status.code() != tonic::Code::Ok) {
            return status.into_http();
        }
        let message = body.to_bytes();
        joined.extend_from_slice(message.get(PREFIX_BYTES..).unwrap_or_default());
    }
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + joined.len());
    frame.put_u8(0);
    frame.put_u32(joined.len() as u32);
    frame.extend_from_slice(&joined);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let frames = [http_body::Frame::data(frame.freeze()), http_body::Frame::trailers(trailers)];
    let frames = frames.map(Ok::<_, Status>);
    let mut response =
        Response::new(Body::new(StreamBody::new(futures_util::stream::iter(frames))));
    let kind = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_read_wherever_it_is_in_the_message() {
        let framed = |message: &[u8]| {
            let mut frame = vec![0, 0, 0, 0, message.len() as u8];
            frame.extend(message);
            named(&Bytes::from(frame))
        };
        assert_eq!(framed(b"\x0a\x07catalog").as_deref(), Some("catalog"));
        assert_eq!(framed(b"\x12\x01x\x18\x05\x0a\x06orders").as_deref(), Some("orders"));
        assert_eq!(framed(b"\x12\x01x").as_deref(), Some(""));
        assert_eq!(framed(b"\x0a\x09cut"), None);
    }
}
