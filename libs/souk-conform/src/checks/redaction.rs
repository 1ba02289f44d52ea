//! C-REDACT and C-CONFIG-7: what is sent and must not be repeated.

use std::net::SocketAddr;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};
use souk_contract::Caller;

use crate::report::{Report, seen};
use crate::stage::{CANARY, Exchange, Stage, describe};
use crate::token::KEY;
use crate::wire::get;

/// An id that identifies a person.
pub const ADDRESS: &str = "eve@example.com";

/// Calls as a user whose id is an e-mail address.
pub async fn address(stage: &Stage, report: &mut Report) {
    let (path, caller, message) = stage.example();
    let by = match caller {
        Caller::Staff(_) => Caller::Staff(ADDRESS.into()),
        Caller::Service(_) | Caller::User(_) | Caller::Anonymous => Caller::user(ADDRESS),
    };
    let reply = stage.call(&path, &by, message).await;
    let observation = seen(format!("{path} by {by}"), describe(&reply), "an answer");
    report.observe("C-REDACT-1", reply.broken.is_none(), observation);
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

/// What a process printed and showed, after it was sent secrets.
pub struct Shown<'a> {
    /// The log at debug.
    pub log: &'a str,
    /// The metrics.
    pub metrics: &'a str,
    /// Whether any field of its requests must never be logged.
    pub is_marked: bool,
}

/// Looks for secrets in the log at debug, in errors and in the metrics.
pub fn kept(stage: &Stage, shown: &Shown<'_>, report: &mut Report) {
    for (place, text) in [("the log at debug", shown.log), ("the metrics", shown.metrics)] {
        let mut secret = |number: &str, sent: &str, needle: &str| {
            let found = text.lines().find(|line| line.contains(needle));
            let came =
                found.map_or("it is not there".to_owned(), |line| format!("{place}: {line}"));
            let expected = format!("{place} without {needle}");
            report.observe(number, found.is_none(), seen(sent, came, expected));
        };
        secret("C-REDACT-1", "a call by somebody with an address", ADDRESS);
        secret("C-REDACT-2", "calls with tokens", "souk-dev.");
        secret("C-CONFIG-7", "the setting identity.development_key", KEY);
        if shown.is_marked {
            secret("C-REDACT-3", "fields that are marked debug_redact", CANARY);
        }
    }
    for Exchange { sent, came } in stage.leaks() {
        let expected = format!("an error without {CANARY}");
        report.observe("C-REDACT-3", false, seen(sent, came, expected));
    }
    if !shown.is_marked {
        report.not_asked("C-REDACT-3", "no field of its requests is marked");
    }
}

/// Fetches the metrics as text.
pub async fn metrics(address: SocketAddr) -> String {
    get(address, "/metrics").await.map(|(_, _, body)| body).unwrap_or_default()
}
