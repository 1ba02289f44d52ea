//! C-LOG, and what else only the log shows: C-TRACE-1, C-TRACE-2 and C-REDACT-1.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use tonic::Code;

use crate::process::redaction::ADDRESS;
use crate::process::report::Report;
use crate::process::stage::{Asked, Stage};
use crate::process::trace::{UNREADABLE, UNTRACEABLE};

/// Compares the JSON log at `info` with everything that was asked.
pub fn usual(stage: &Stage<'_>, log: &str, report: &mut Report) {
    let mut requests: HashMap<String, Vec<Value>> = HashMap::new();
    let mut untraceable = Vec::new();
    let mut lines = log.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = lines.next() {
        let entry = match serde_json::from_str::<Value>(line) {
            Ok(entry) => entry,
            // A process that fails ends with a line for people.
            Err(_) if lines.peek().is_none() && !line.starts_with('{') => continue,
            Err(error) => {
                report.look("C-LOG-1", false, format!("no JSON ({error}): {line}"));
                continue;
            }
        };
        let has_all = is_time(&entry["timestamp"])
            && ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
                .iter()
                .any(|level| entry["level"] == *level)
            && entry["message"].is_string();
        report.look(
            "C-LOG-1",
            has_all,
            if has_all { "every line is an object".to_owned() } else { line.to_owned() },
        );
        if entry["message"] != "request" {
            continue;
        }
        if entry["caller"] == format!("user:{UNTRACEABLE}") {
            untraceable.push(entry["trace.id"].as_str().unwrap_or_default().to_owned());
        }
        requests
            .entry(entry["trace.id"].as_str().unwrap_or_default().to_owned())
            .or_default()
            .push(entry);
    }
    report.look(
        "C-CONFIG-1",
        !requests.is_empty(),
        "log.format of the environment wins over the file's",
    );
    for asked in stage.asked() {
        let lines = requests.get(&asked.trace).map(Vec::as_slice).unwrap_or_default();
        if asked.is_background {
            report.look(
                "C-LOG-4",
                lines.is_empty(),
                format!("{} is not logged at info", asked.method),
            );
            continue;
        }
        let told =
            format!("{} {:?} leaves {} lines in its trace", asked.method, asked.code, lines.len());
        report.look("C-TRACE-1", !lines.is_empty(), told.clone());
        let [line] = lines else {
            report.look("C-LOG-2", false, told);
            continue;
        };
        match wrong(&asked, line) {
            None => report.look("C-LOG-2", true, "each call leaves one line"),
            Some(what) => report.look("C-LOG-2", false, format!("{what}: {line}")),
        }
        report.look(
            "C-LOG-4",
            line["level"] == "INFO" || is_our_fault(asked.code),
            format!("level of {}", asked.method),
        );
    }
    let distinct = untraceable.iter().collect::<BTreeSet<_>>();
    let is_new = |id: &str| {
        id.len() == 32
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !id.trim_matches('0').is_empty()
            && !id.starts_with("4bf92f35")
    };
    let holds = distinct.len() == UNREADABLE.len() && distinct.iter().all(|id| is_new(id));
    report.look(
        "C-TRACE-2",
        holds,
        format!(
            "{} calls without a readable trace are logged in {untraceable:?}",
            UNREADABLE.len()
        ),
    );
    report.look("C-REDACT-1", !log.contains(ADDRESS), format!("the log without {ADDRESS}"));
    report.look("C-REDACT-1", log.contains("[hidden]"), "the caller is logged as [hidden]");
    report.look("C-REDACT-2", !log.contains("souk-dev."), "the log without a token");
}

/// What a caller's id tries to be.
pub const FORGED: &str = "forged by the caller";

fn wrong(asked: &Asked, line: &Value) -> Option<&'static str> {
    let method = if asked.code == Code::Unimplemented { "unknown" } else { &asked.method };
    if line["rpc.method"] != *method {
        return Some("rpc.method is another");
    }
    if line["rpc.code"] != code_name(asked.code) {
        return Some("rpc.code is another");
    }
    // A call that ends at its deadline may have been ended before a reason was found.
    let has_reason = line["rpc.reason"] == *asked.reason || asked.code == Code::DeadlineExceeded;
    if asked.code != Code::Ok && !has_reason {
        return Some("rpc.reason is another");
    }
    if !line["rpc.duration_ms"].is_number() {
        return Some("rpc.duration_ms is no number");
    }
    let caller = line["caller"].as_str();
    match &asked.caller {
        // The token of a refused one was never believed; an address is hidden.
        Some(key)
            if caller != Some(key)
                && !key.contains('@')
                && asked.code != Code::Unimplemented
                && asked.code != Code::DeadlineExceeded =>
        {
            Some("caller is another")
        }
        _ if caller.is_none() => Some("caller is missing"),
        _ => None,
    }
}

/// Looks at the request lines of the text log.
pub fn plain(stage: &Stage<'_>, log: &str, report: &mut Report) {
    let forged = log.lines().find(|line| line.starts_with("{\"message\"") && line.contains(FORGED));
    report.look(
        "C-LOG-6",
        forged.is_none(),
        forged.unwrap_or("no text from outside makes a line of its own"),
    );
    for asked in stage
        .asked()
        .into_iter()
        .filter(|asked| !asked.is_background && asked.code != Code::Unimplemented)
    {
        let found = log.lines().find(|line| line.contains(&format!("trace.id={}", asked.trace)));
        let Some(line) = found else {
            report.look("C-LOG-3", false, format!("no line for {} {:?}", asked.method, asked.code));
            continue;
        };
        let mut rest = line;
        let mut parts = vec![
            " request ".to_owned() + &asked.method,
            format!(" rpc.code={}", code_name(asked.code)),
        ];
        if !asked.reason.is_empty() && asked.code != Code::DeadlineExceeded {
            parts.push(format!(" rpc.reason={}", asked.reason));
        }
        parts.extend([" rpc.duration_ms=", " caller=", " trace.id="].map(str::to_owned));
        let in_order = parts.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, tail)) => {
                rest = tail;
                true
            }
            None => false,
        });
        let starts =
            line.get(..10).is_some_and(|day| day.bytes().filter(u8::is_ascii_digit).count() == 8);
        report.look(
            "C-LOG-3",
            in_order && starts,
            if in_order && starts { "each call leaves its line" } else { line },
        );
    }
}

fn is_our_fault(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// Returns whether a value is a time of RFC 3339 in UTC.
fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() >= 20
        && text.as_bytes()[10] == b'T'
        && (text.ends_with('Z') || text.ends_with("+00:00"))
}

/// Returns a code as logs and metrics write it.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{code:?}").char_indices() {
        if letter.is_uppercase() && at > 0 {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}
