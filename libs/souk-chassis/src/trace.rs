//! W3C trace context: read from a request, handed on with every call made for it.

use std::fmt;

use http::{HeaderMap, HeaderValue};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const SAMPLED: u8 = 1;

/// The position of a request in its trace.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The same for everything that one request from outside set off.
    pub(crate) id: TraceId,
    /// The part of it that this process does.
    pub(crate) span: u64,
    /// The caller's part; zero when the trace starts here.
    pub(crate) parent: u64,
    pub(crate) flags: u8,
    pub(crate) state: Option<HeaderValue>,
}

/// Sixteen bytes that name a trace, printed as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub(crate) u128);

impl Trace {
    /// Starts a new trace.
    pub(crate) fn start() -> Self {
        Trace {
            id: TraceId(rand::random::<u128>().max(1)),
            span: new_span(),
            parent: 0,
            flags: SAMPLED,
            state: None,
        }
    }

    /// Goes on with the trace of an arriving request, or starts one when it has none or an
    /// unreadable one.
    pub(crate) fn arriving(headers: &HeaderMap) -> Self {
        let Some((id, parent, flags)) =
            headers.get(TRACEPARENT).and_then(|value| parse(value.as_bytes()))
        else {
            return Trace::start();
        };
        Trace {
            id: TraceId(id),
            span: new_span(),
            parent,
            flags,
            state: headers.get(TRACESTATE).cloned(),
        }
    }

    /// Returns the part of the trace that a call made from here is.
    pub(crate) fn child(&self) -> Self {
        Trace { span: new_span(), parent: self.span, ..self.clone() }
    }

    /// Returns the `traceparent` of what this part of the trace sets off.
    pub(crate) fn parent_text(&self) -> [u8; 55] {
        let mut text = [b'-'; 55];
        text[..2].copy_from_slice(b"00");
        hex(&self.id.0.to_be_bytes(), &mut text[3..35]);
        hex(&self.span.to_be_bytes(), &mut text[36..52]);
        hex(&[self.flags], &mut text[53..55]);
        text
    }

    /// Returns the trace of an event's `traceparent`, or a new one.
    pub(crate) fn following(traceparent: &str) -> Self {
        match parse(traceparent.as_bytes()) {
            Some((id, parent, flags)) => {
                Trace { id: TraceId(id), span: new_span(), parent, flags, state: None }
            }
            None => Trace::start(),
        }
    }

    /// Writes the trace context of a departing call.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let text = self.parent_text();
        let mut value =
            HeaderValue::from_bytes(&text).expect("hexadecimal digits are a valid header");
        // It is no secret, but it differs in every call: this keeps it out of HTTP/2's compression
        // table.
        value.set_sensitive(true);
        headers.insert(TRACEPARENT, value);
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }

    /// Returns the id of the whole trace.
    pub fn id(&self) -> TraceId {
        self.id
    }
}

impl TraceId {
    pub(crate) fn digits(&self) -> [u8; 32] {
        let mut text = [0; 32];
        hex(&self.0.to_be_bytes(), &mut text);
        text
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn new_span() -> u64 {
    rand::random::<u64>().max(1)
}

fn hex(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Reads `00-<32 hex>-<16 hex>-<2 hex>`; a later version may be longer, zero ids are invalid (W3C
/// Trace Context §3.2).
fn parse(text: &[u8]) -> Option<(u128, u64, u8)> {
    let long_enough =
        text.len() == 55 || (text.len() > 55 && text[55] == b'-' && &text[..2] != b"00");
    if !long_enough
        || text[2] != b'-'
        || text[35] != b'-'
        || text[52] != b'-'
        || &text[..2] == b"ff"
    {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_u128, |sum, digit| {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(sum << 4 | u128::from(value))
        })
    };
    number(0, 2)?;
    let id = number(3, 35)?;
    let span = number(36, 52)?;
    let flags = number(53, 55)?;
    (id != 0 && span != 0).then_some((id, span as u64, flags as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn an_arriving_trace_goes_on_with_a_new_span() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, GIVEN.parse().unwrap());
        headers.insert(TRACESTATE, "vendor=1".parse().unwrap());
        let trace = Trace::arriving(&headers);
        assert_eq!(trace.id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.parent, 0x00f0_67aa_0ba9_02b7);

        let mut sent = HeaderMap::new();
        let child = trace.child();
        child.write(&mut sent);
        let expected = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{:016x}-01", child.span);
        assert_eq!(sent[TRACEPARENT].to_str().unwrap(), expected);
        assert_eq!(sent[TRACESTATE], "vendor=1");
        assert_ne!(child.span, trace.span);
    }

    #[test]
    fn an_unreadable_trace_is_replaced() {
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert!(parse(GIVEN.as_bytes()).is_some());
        assert!(parse(format!("01{}-more", &GIVEN[2..]).as_bytes()).is_some());
    }
}
