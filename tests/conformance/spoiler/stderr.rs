//! The log of the service behind us, line by line, with what is to be broken in it.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::spoils::Spoils;

/// A token that might be logged by mistake.
const TOKEN: &str = "Bearer souk-dev.dXNlcjphbGljZQ.mac";

/// Passes on every line until the service has ended.
pub async fn pass_on(spoils: Spoils, pipe: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(pipe).lines();
    let mut is_first = true;
    while let Ok(Some(mut line)) = lines.next_line().await {
        let is_request = line.contains(" request ") || line.contains("\"message\":\"request\"");
        if is_request && std::mem::take(&mut is_first) {
            say_once(&spoils);
        }
        if spoils.has("log-address") {
            line = line.replace("[hidden]", "eve@example.com");
        }
        if spoils.has("log-level") {
            line = line.replace(
                "\"level\":\"INFO\",\"message\":\"request\"",
                "\"level\":\"DEBUG\",\"message\":\"request\"",
            );
        }
        if spoils.has("log-lines") {
            line = line.replace("\\n", "\n").replace("\\\"", "\"");
        }
        if spoils.has("log-fields") {
            line = line.replace(" caller=", " by=");
        }
        eprintln!("{line}");
        if spoils.has("log-twice") && is_request && line.starts_with('{') {
            eprintln!("{line}");
        }
    }
}

fn say_once(spoils: &Spoils) {
    if spoils.has("log-plain") && is_json(spoils) {
        eprintln!("a line for people");
    }
    if spoils.has("log-token") {
        say(spoils, TOKEN);
    }
    if spoils.has("log-key") {
        say(
            spoils,
            &std::env::var(spoils.variable("IDENTITY__DEVELOPMENT_KEY")).unwrap_or_default(),
        );
    }
}

/// Adds an entry to the log.
pub fn say(spoils: &Spoils, message: &str) {
    if is_json(spoils) {
        eprintln!(
            "{{\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"level\":\"INFO\",\"message\":\"{message}\"}}"
        );
    } else {
        eprintln!("2026-01-01T00:00:00.000000Z  INFO {message}");
    }
}

fn is_json(spoils: &Spoils) -> bool {
    std::env::var(spoils.variable("LOG__FORMAT")).as_deref() == Ok("json")
}
