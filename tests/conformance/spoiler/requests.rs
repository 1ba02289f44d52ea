//! Requests on their way, with what is to be broken in headers and messages.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use souk_chassis::Caller;
use souk_chassis::identity::{DEVELOPMENT_KEY, development_token, development_token_with};

use crate::proxy::{Body, Side};
use crate::spoils::Spoils;
use crate::stderr;

const SUBSCRIBE: &str = "/souk.events.v1.EventService/Subscribe";
/// The trace of all callers without one.
const SHARED: &str = "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// The letters of base64url, by value.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The shortest text of a message that is repeated, the longest, and how many of them.
const SHORTEST: usize = 8;
const LONGEST: usize = 80;
const MOST: usize = 40;

/// Whether this process has opened its subscription.
static SUBSCRIBED: AtomicBool = AtomicBool::new(false);

/// Returns whether a request is not passed on at all.
pub fn is_refused(path: &str, side: Side, spoils: &Spoils) -> bool {
    let is_subscribe = side == Side::Client && path == SUBSCRIBE;
    is_subscribe && spoils.has("subscribes-once") && SUBSCRIBED.swap(true, Ordering::Relaxed)
}

/// Returns the request as the other side gets it.
pub fn spoil(mut request: Request<Incoming>, side: Side, spoils: &Spoils) -> Request<Body> {
    let path = request.uri().path().to_owned();
    let headers = request.headers_mut();
    let token =
        headers.get("authorization").map(|value| value.as_bytes().starts_with(b"Bearer souk-dev."));
    let takes_away: &[(&str, &str)] = match side {
        Side::Client => &[
            ("calls-anonymous", "authorization"),
            ("calls-endless", "grpc-timeout"),
            ("calls-untraced", "traceparent"),
        ],
        Side::Server => &[("deadlines", "grpc-timeout"), ("traces", "traceparent")],
    };
    for (spoil, header) in takes_away {
        if spoils.has(spoil) {
            headers.remove(*header);
        }
    }
    let is_late = headers.get("grpc-timeout").is_some_and(|value| value == "0m");
    if side == Side::Server && spoils.has("deadline-zero") && is_late {
        headers.remove("grpc-timeout");
    }
    if side == Side::Server && spoils.has("wrong-tokens") && token == Some(false) {
        headers.remove("authorization");
    }
    if side == Side::Server
        && spoils.has("scopes")
        && path.starts_with("/souk.")
        && let Some(caller) = headers.get("authorization").and_then(known_caller)
    {
        let all = development_token(&caller);
        let value = HeaderValue::from_str(&format!("Bearer {all}")).expect("a token is a header");
        headers.insert("authorization", value);
    }
    if side == Side::Server
        && spoils.has("guests")
        && path.starts_with("/souk.")
        && let Some(Caller::User(guest)) = headers.get("authorization").and_then(known_caller)
        && guest.is_guest
    {
        let user = development_token(&Caller::user(guest.id));
        let value = HeaderValue::from_str(&format!("Bearer {user}")).expect("a token is a header");
        headers.insert("authorization", value);
    }
    if side == Side::Server
        && spoils.has("anonymous")
        && token.is_none()
        && path.starts_with("/souk.")
    {
        let own = development_token(&Caller::Staff("anybody".into()));
        let value = HeaderValue::from_str(&format!("Bearer {own}")).expect("a token is a header");
        headers.insert("authorization", value);
    }
    if spoils.has("reflection-alpha") && path.starts_with("/grpc.reflection.v1alpha.") {
        *request.uri_mut() =
            http::Uri::from_static("http://souk/grpc.reflection.v1alpha.NoSuchService/Ask");
    }
    if side == Side::Server
        && spoils.has("escaped-callers")
        && request.headers().get("authorization").is_some_and(is_escaped)
    {
        request
            .headers_mut()
            .insert("authorization", HeaderValue::from_static("Bearer souk-dev.unreadable"));
    }
    if side == Side::Server && spoils.has("shared-traces") && !is_traced(&request) {
        request.headers_mut().insert("traceparent", HeaderValue::from_static(SHARED));
    }
    let spoils = spoils.clone();
    let mut is_first = true;
    let is_deaf = side == Side::Client && path == SUBSCRIBE && spoils.has("acknowledges-nothing");
    let takes_one = side == Side::Server && spoils.has("second-messages");
    let is_told = side == Side::Server && spoils.has("log-messages") && path.starts_with("/souk.");
    request.map(|body| {
        let spoiled = body.map_frame(move |frame| match frame.into_data() {
            // What comes after the first message of a subscriber acknowledges.
            Ok(_) if is_deaf && !std::mem::take(&mut is_first) => Frame::data(Bytes::new()),
            Ok(data) => {
                let is_cut = takes_one && std::mem::take(&mut is_first);
                let data = if is_cut { one(data) } else { data };
                if is_told {
                    stderr::say(&spoils, &format!("got {}", texts(&data)));
                }
                Frame::data(data)
            }
            Err(frame) => frame,
        });
        spoiled.boxed()
    })
}

/// Returns the first message of a request, without those that came with it.
fn one(mut data: Bytes) -> Bytes {
    if let [_, a, b, c, d, ..] = data[..] {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        data.truncate(length.saturating_add(5));
    }
    data
}

/// Returns whether a token's caller has a character that is written otherwise in a token.
fn is_escaped(header: &HeaderValue) -> bool {
    payload(header).contains(&b'%')
}

/// Returns the caller of a token that is signed with the public key and has plain characters.
fn known_caller(header: &HeaderValue) -> Option<Caller> {
    let payload = String::from_utf8(payload(header)).ok()?;
    let mut words = payload.split(' ');
    let caller = words.next()?.parse().ok()?;
    // The claim of a person is made from its name again.
    let scopes: Vec<&str> = words.filter(|word| !word.starts_with("customer=")).collect();
    let token = development_token_with(&caller, &scopes, DEVELOPMENT_KEY);
    (header.to_str().ok()? == format!("Bearer {token}")).then_some(caller)
}

/// Decodes the payload of a token.
fn payload(header: &HeaderValue) -> Vec<u8> {
    let text = header.to_str().unwrap_or_default().split('.').nth(1).unwrap_or_default();
    let mut bits = 0_u32;
    let mut count = 0;
    let bytes = text.bytes().filter_map(|letter| {
        let value =
            BASE64.iter().zip(0..).find(|(one, _)| **one == letter).map_or(0, |(_, value)| value);
        bits = (bits << 6) | value;
        count += 6;
        let is_whole = count >= 8;
        count -= if is_whole { 8 } else { 0 };
        is_whole.then(|| (bits >> count).to_le_bytes()[0])
    });
    bytes.collect()
}

fn is_traced(request: &Request<Incoming>) -> bool {
    let trace = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    trace.len() == SHARED.len()
        && trace.starts_with("00-")
        && !trace.starts_with("00-00000000000000000000000000000000")
}

/// Returns the texts of a message, one after another.
fn texts(data: &[u8]) -> String {
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || b" -_.@".contains(byte);
    let runs = data.split(|byte| !is_text(byte)).filter(|run| run.len() >= SHORTEST);
    let texts = runs
        .take(MOST)
        .map(|run| String::from_utf8_lossy(&run[..run.len().min(LONGEST)]).into_owned());
    texts.collect::<Vec<_>>().join(", ")
}
