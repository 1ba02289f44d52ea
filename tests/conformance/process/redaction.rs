//! C-REDACT and C-CONFIG-7: what is sent and must not be repeated.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};
use souk_chassis::Caller;

use crate::process::limits;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller};
use crate::process::wire::get;

/// The value of every field that must never be logged.
pub const CANARY: &str = "conformance-canary-7d2e";
/// An id that identifies a person.
pub const ADDRESS: &str = "eve@example.com";

/// Calls as a user whose id is an e-mail address.
pub async fn told(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let message = stage.encode(&unary.method, &unary.request).unwrap_or_default();
    let by = match caller(&unary.caller).unwrap_or_default() {
        Caller::Staff(_) => Caller::Staff(ADDRESS.into()),
        Caller::Service(_) | Caller::User(_) | Caller::Anonymous => Caller::user(ADDRESS),
    };
    let reply = stage.call(&format!("/{}", unary.method), &by, message).await;
    report.look(
        "C-REDACT-1",
        reply.broken.is_none(),
        "a call by somebody with an address was answered",
    );
}

/// Puts the canary into every text that must not be logged; returns whether there is any.
pub fn mark(message: &mut DynamicMessage) -> bool {
    let mut is_marked = false;
    for field in message.descriptor().fields() {
        if is_redacted(&field) && field.kind() == Kind::String && !field.is_map() {
            let canary = Value::String(CANARY.to_owned());
            message.set_field(
                &field,
                if field.is_list() { Value::List(vec![canary]) } else { canary },
            );
            is_marked = true;
            continue;
        }
        if !message.has_field(&field) || field.is_map() || !matches!(field.kind(), Kind::Message(_))
        {
            continue;
        }
        match message.get_field_mut(&field) {
            Value::Message(inner) => is_marked |= mark(inner),
            Value::List(items) => {
                for item in items {
                    if let Value::Message(inner) = item {
                        is_marked |= mark(inner);
                    }
                }
            }
            _ => {}
        }
    }
    is_marked
}

fn is_redacted(field: &FieldDescriptor) -> bool {
    field
        .options()
        .get_field_by_name("debug_redact")
        .and_then(|value| value.as_bool())
        .unwrap_or(false)
}

/// Looks for all of it in the log at debug, in errors and in the metrics.
pub fn kept(stage: &Stage<'_>, log: &str, metrics: &str, is_marked: bool, report: &mut Report) {
    for (place, text) in [("the log", log), ("the metrics", metrics)] {
        let clean = |needle: &str| !text.contains(needle);
        report.look("C-REDACT-1", clean(ADDRESS), format!("{place} without {ADDRESS}"));
        report.look("C-REDACT-2", clean("souk-dev."), format!("{place} without a token"));
        report.look("C-CONFIG-7", clean(limits::KEY), format!("{place} without the key of tokens"));
        if is_marked {
            report.look(
                "C-REDACT-3",
                clean(CANARY),
                format!("{place} without what is marked debug_redact"),
            );
        }
    }
    for leak in stage.leaks() {
        report.look("C-REDACT-3", false, leak);
    }
    if !is_marked {
        report.cannot("C-REDACT-3", "no field of its requests is marked");
    }
}

/// Fetches the metrics as text.
pub async fn metrics(stage: &Stage<'_>) -> String {
    get(stage.process.metrics, "/metrics").await.map(|(_, _, body)| body).unwrap_or_default()
}
