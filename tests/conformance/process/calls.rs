//! C-CALL: how a service calls its upstreams, seen by an upstream that takes everything down.

use std::collections::BTreeSet;

use souk_chassis::Caller;
use souk_chassis::identity::development_token_with;
use souk_contract::MethodPolicy;

use crate::process::limits::KEY;
use crate::process::recorder::{Call, Recorder};
use crate::process::report::Report;
use crate::process::stage::{Stage, TRACE_STATE};

/// Judges every call that came.
pub fn made(stage: &Stage<'_>, upstreams: &Recorder, report: &mut Report) {
    let calls = upstreams.calls();
    // Health and reflection of upstreams need no identity.
    let calls = calls.iter().filter(|call| !call.path.starts_with("/grpc.")).collect::<Vec<_>>();
    if calls.is_empty() {
        for number in ["C-CALL-1", "C-CALL-2", "C-CALL-3"] {
            report.cannot(number, "it called no upstream");
        }
        return;
    }
    let name = stage.service.manifest.name.clone();
    let scopes: Vec<&str> = stage.service.manifest.scopes.iter().map(String::as_str).collect();
    let own = format!("Bearer {}", development_token_with(&Caller::Service(name), &scopes, KEY));
    let traces = stage.asked().into_iter().map(|asked| asked.trace).collect::<BTreeSet<_>>();
    for call in calls {
        let header = |name: &str| {
            call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let token = header("authorization");
        let is_own = token.eq_ignore_ascii_case(&own)
            && token.ends_with(own.rsplit(' ').next().unwrap_or_default());
        report.look(
            "C-CALL-1",
            is_own,
            format!(
                "{}: {}",
                call.path,
                if is_own { "its own token" } else { "another token, or none" }
            ),
        );

        let timeout = header("grpc-timeout");
        report.look(
            "C-CALL-2",
            !timeout.is_empty() || is_unlimited(call),
            format!("{}: grpc-timeout {timeout:?}", call.path),
        );
        let trace = header("traceparent");
        report.look("C-CALL-3", is_trace(trace), format!("{}: traceparent {trace:?}", call.path));
        // Workers call in traces of their own.
        if trace.split('-').nth(1).is_some_and(|trace| traces.contains(trace)) {
            let state = header("tracestate");
            report.look(
                "C-TRACE-1",
                state.contains(TRACE_STATE),
                format!("{}: tracestate {state:?}", call.path),
            );
        }
    }
}

/// Returns whether the contract lets a call last as long as its caller listens.
fn is_unlimited(call: &Call) -> bool {
    souk_client::CONTRACT
        .method(&call.path)
        .is_some_and(|policy| policy.timeout >= MethodPolicy::UNLIMITED)
}

fn is_trace(text: &str) -> bool {
    let parts = text.split('-').collect::<Vec<_>>();
    let is_id = |id: &str, length| {
        id.len() == length
            && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            && !id.trim_matches('0').is_empty()
    };
    matches!(parts[..], ["00", trace, span, _] if is_id(trace, 32) && is_id(span, 16) && span != "00f067aa0ba902b7")
}
