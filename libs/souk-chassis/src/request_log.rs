//! The one log line of every request: what was called, by whom, how it ended, how long it took, in
//! which trace.

use std::time::Duration;

use souk_contract::Caller;
use tonic::Code;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::log::{Format, append_digits, append_escaped, append_now, sink};
use crate::red::code_name;
use crate::refusal::is_our_fault;
use crate::trace::TraceId;

/// Writes request lines, by hand and not through `tracing`: they are most of what is logged, and
/// are on the path of every call.
pub(crate) struct RequestLog {
    pub(crate) format: Format,
    /// Whether calls of services (info) and of health and reflection (debug) are logged.
    pub(crate) level: LevelFilter,
}

pub(crate) struct Line<'a> {
    /// `souk.orders.v1.OrderService/PlaceOrder`
    pub(crate) method: &'a str,
    pub(crate) code: Code,
    pub(crate) reason: &'a str,
    pub(crate) duration: Duration,
    pub(crate) caller: &'a Caller,
    pub(crate) trace: TraceId,
    /// The cause, when it is hidden from the caller.
    pub(crate) cause: Option<&'a str>,
    /// Health and reflection are called all the time and say nothing.
    pub(crate) is_background: bool,
}

impl RequestLog {
    pub(crate) fn write(&self, line: &Line<'_>) {
        let level = match (is_our_fault(line.code), line.is_background) {
            (true, _) => Level::ERROR,
            (false, true) => Level::DEBUG,
            (false, false) => Level::INFO,
        };
        if level > self.level {
            return;
        }
        let mut text = Vec::with_capacity(320);
        match self.format {
            Format::Text => line.as_text(level, &mut text),
            Format::Json => line.as_json(level, &mut text),
        }
        sink().write(&text);
    }
}

impl Line<'_> {
    fn as_text(&self, level: Level, out: &mut Vec<u8>) {
        append_now(out);
        out.extend_from_slice(match level {
            Level::ERROR => b" ERROR request ",
            Level::DEBUG => b" DEBUG request ",
            _ => b"  INFO request ",
        });
        out.extend_from_slice(self.method.as_bytes());
        out.extend_from_slice(b" rpc.code=");
        out.extend_from_slice(code_name(self.code).as_bytes());
        if !self.reason.is_empty() {
            out.extend_from_slice(b" rpc.reason=");
            out.extend_from_slice(self.reason.as_bytes());
        }
        out.extend_from_slice(b" rpc.duration_ms=");
        self.append_duration(out);
        out.extend_from_slice(b" caller=");
        self.append_caller(out);
        out.extend_from_slice(b" trace.id=");
        out.extend_from_slice(&self.trace.digits());
        if let Some(cause) = self.cause {
            out.extend_from_slice(b" error=\"");
            append_escaped(out, cause);
            out.push(b'"');
        }
        out.push(b'\n');
    }

    fn as_json(&self, level: Level, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"timestamp\":\"");
        append_now(out);
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(level.as_str().as_bytes());
        out.extend_from_slice(b"\",\"message\":\"request\",\"rpc.method\":\"");
        append_escaped(out, self.method);
        out.extend_from_slice(b"\",\"rpc.code\":\"");
        out.extend_from_slice(code_name(self.code).as_bytes());
        if !self.reason.is_empty() {
            out.extend_from_slice(b"\",\"rpc.reason\":\"");
            append_escaped(out, self.reason);
        }
        out.extend_from_slice(b"\",\"rpc.duration_ms\":");
        self.append_duration(out);
        out.extend_from_slice(b",\"caller\":\"");
        self.append_caller(out);
        out.extend_from_slice(b"\",\"trace.id\":\"");
        out.extend_from_slice(&self.trace.digits());
        if let Some(cause) = self.cause {
            out.extend_from_slice(b"\",\"error\":\"");
            append_escaped(out, cause);
        }
        out.extend_from_slice(b"\"}\n");
    }

    fn append_duration(&self, out: &mut Vec<u8>) {
        let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        append_digits(out, micros / 1000, 1);
        out.push(b'.');
        append_digits(out, micros % 1000, 3);
    }

    /// An id that is an e-mail address is not written down: logs outlive accounts.
    fn append_caller(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.caller.kind().as_bytes());
        if self.caller.id().is_empty() {
            return;
        }
        out.push(b':');
        if self.caller.id().contains('@') {
            out.extend_from_slice(b"[hidden]");
        } else {
            append_escaped(out, self.caller.id());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(caller: &Caller) -> Line<'_> {
        Line {
            method: "souk.orders.v1.OrderService/PlaceOrder",
            code: Code::Internal,
            reason: "ERROR_REASON_INTERNAL",
            duration: Duration::from_micros(1_042),
            caller,
            trace: TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
            cause: Some("disk \"full\"\nhelp"),
            is_background: false,
        }
    }

    #[test]
    fn a_text_line_reads_alone() {
        let caller = Caller::user("alice");
        let mut text = Vec::new();
        line(&caller).as_text(Level::ERROR, &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.ends_with(
                " ERROR request souk.orders.v1.OrderService/PlaceOrder rpc.code=INTERNAL \
                 rpc.reason=ERROR_REASON_INTERNAL rpc.duration_ms=1.042 caller=user:alice \
                 trace.id=4bf92f3577b34da6a3ce929d0e0e4736 error=\"disk \\\"full\\\"\\nhelp\"\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_json_line_is_one_object_and_hides_an_email_address() {
        let caller = Caller::user("alice@example.com");
        let mut text = Vec::new();
        line(&caller).as_json(Level::ERROR, &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("{\"timestamp\":\"20"), "{text}");
        assert!(
            text.contains(
                "\"rpc.duration_ms\":1.042,\"caller\":\"user:[hidden]\",\"trace.id\":\"4bf9"
            ),
            "{text}"
        );
        assert!(text.ends_with("\"error\":\"disk \\\"full\\\"\\nhelp\"}\n"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
