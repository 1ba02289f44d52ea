//! C-CALL: how a service calls its upstreams, seen by an upstream that records everything.

use std::collections::BTreeSet;

use souk_contract::Caller;
use souk_manifest::Manifest;

use crate::recorder::{Call, Recorder};
use crate::released;
use crate::report::{Report, seen};
use crate::stage::{Stage, TRACE_STATE};
use crate::token::{KEY, token};

/// Judges every call that came.
pub fn made(stage: &Stage, manifest: &Manifest, upstreams: &Recorder, report: &mut Report) {
    let calls = upstreams.calls();
    // Health and reflection of upstreams need no identity.
    let calls: Vec<&Call> = calls.iter().filter(|call| !call.path.starts_with("/grpc.")).collect();
    if calls.is_empty() {
        return report.none_asked(&["C-CALL-1", "C-CALL-2", "C-CALL-3"], "it called no upstream");
    }
    let scopes: Vec<&str> = manifest.scopes.iter().map(String::as_str).collect();
    let own = token(&Caller::Service(manifest.name.clone()), &scopes, KEY);
    let traces: BTreeSet<String> = stage.asked().into_iter().map(|asked| asked.trace).collect();
    for call in calls {
        let sent = format!("its call of {} to an upstream", call.path);
        let is_own = is_bearer(header(call, "authorization"), &own);
        let came = if is_own { "its own token" } else { "another token, or none" };
        let expected = format!("a token of service:{} with the scopes {scopes:?}", manifest.name);
        report.observe("C-CALL-1", is_own, seen(&sent, came, expected));

        let timeout = header(call, "grpc-timeout");
        let holds = !timeout.is_empty() || released::is_unlimited(&call.path);
        let came = format!("grpc-timeout: {timeout:?}");
        report.observe("C-CALL-2", holds, seen(&sent, came, "a grpc-timeout"));
        let trace = header(call, "traceparent");
        let came = format!("traceparent: {trace:?}");
        let expected = "a traceparent with the service's own span";
        report.observe("C-CALL-3", is_trace(trace), seen(&sent, came, expected));
        // Workers call in traces of their own.
        if trace.split('-').nth(1).is_some_and(|trace| traces.contains(trace)) {
            let state = header(call, "tracestate");
            let came = format!("tracestate: {state:?}");
            let expected = format!("the tracestate of the request, {TRACE_STATE:?}");
            report.observe("C-TRACE-1", state.contains(TRACE_STATE), seen(sent, came, expected));
        }
    }
}

fn header<'a>(call: &'a Call, name: &str) -> &'a str {
    call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns whether an `authorization` header has this token, whatever the case of the scheme.
fn is_bearer(header: &str, token: &str) -> bool {
    let parts = header.split_once(' ');
    parts.is_some_and(|(scheme, sent)| scheme.eq_ignore_ascii_case("bearer") && sent == token)
}

fn is_trace(text: &str) -> bool {
    let is_id = |id: &str, length| {
        id.len() == length
            && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            && !id.trim_matches('0').is_empty()
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(
        parts[..],
        ["00", trace, span, _] if is_id(trace, 32) && is_id(span, 16) && span != "00f067aa0ba902b7"
    )
}
