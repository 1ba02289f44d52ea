//! C-TRACE: the trace that a request belongs to, in the log and in spans.

use std::slice;

use souk_contract::Caller;

use crate::recorder::Recorder;
use crate::report::{Report, seen};
use crate::stage::{Stage, describe, new_trace};

/// Who calls without a readable trace, so that these lines of the log can be distinguished from all
/// others.
pub const UNTRACEABLE: &str = "untraceable";
pub const UNREADABLE: [Option<&str>; 4] = [
    None,
    Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
    Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    Some("not a trace at all"),
];

/// Calls without a trace, and with some that cannot be read; that the others are found in the log
/// shows the rest (C-LOG-2).
pub async fn unreadable(stage: &Stage, report: &mut Report) {
    let (path, _, message) = stage.example();
    for text in UNREADABLE {
        let by = Caller::user(UNTRACEABLE);
        let mut headers = stage.headers(&by, &new_trace());
        headers.retain(|(name, _)| *name != "traceparent");
        headers.extend(text.map(|text| ("traceparent", text.to_owned())));
        let reply = stage.connection.call(&path, &headers, slice::from_ref(&message)).await;
        let sent = format!("{path} by {by}, with the traceparent {text:?}");
        let holds = reply.broken.is_none();
        report.observe("C-TRACE-2", holds, seen(sent, describe(&reply), "an answer"));
    }
}

/// Looks for the spans of calls that were made, in the bytes that the collector received.
pub fn arrived(stage: &Stage, collector: &Recorder, report: &mut Report) {
    let spans = collector.spans();
    let unary = stage.unary();
    let asked = stage.asked();
    let Some(call) = asked.iter().find(|asked| asked.method == unary.method) else {
        return report.not_asked("C-TRACE-3", "no call was answered");
    };
    let trace = bytes_of(&call.trace);
    let parent = bytes_of("00f067aa0ba902b7");
    let holds = |needle: &[u8]| {
        spans.iter().any(|span| span.windows(needle.len()).any(|window| window == needle))
    };
    let parts = [
        (holds(&trace), "the trace"),
        (holds(&parent), "the caller's span as parent"),
        (holds(call.method.as_bytes()), "the name of the method"),
    ];
    let missing: Vec<&str> =
        parts.iter().filter(|(is_there, _)| !is_there).map(|(_, what)| *what).collect();
    let came = match missing.is_empty() {
        true => format!("{} batches of spans", spans.len()),
        false => format!("{} batches of spans, without {}", spans.len(), missing.join(" and ")),
    };
    let sent =
        format!("{} with telemetry.otlp_endpoint set, and the end of the process", call.method);
    let expected = "a span with the trace, the caller's span as parent and the name of the method";
    report.observe("C-TRACE-3", missing.is_empty(), seen(sent, came, expected));
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
