//! C-LOG, and what else only the log shows: C-TRACE-1, C-TRACE-2 and C-REDACT-1.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use tonic::Code;

use crate::checks::redaction::ADDRESS;
use crate::checks::trace::{UNREADABLE, UNTRACEABLE};
use crate::report::{Report, seen};
use crate::stage::{Asked, Stage, code_name};

/// The levels of an entry.
const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// What a caller's id tries to be.
pub const FORGED: &str = "forged by the caller";

/// The lines of requests in a JSON log, by their trace.
type Requests = HashMap<String, Vec<Value>>;

/// Compares the JSON log at `info` with everything that was asked.
pub fn usual(stage: &Stage, log: &str, report: &mut Report) {
    let requests = requests(log, report);
    let came = format!("{} traces with JSON lines", requests.len());
    let sent = "log.format = \"text\" in the file and \"json\" in the environment";
    report.observe("C-CONFIG-1", !requests.is_empty(), seen(sent, came, "a log in JSON"));
    for asked in stage.asked() {
        let lines = requests.get(&asked.trace).map(Vec::as_slice).unwrap_or_default();
        of_call(&asked, lines, report);
    }
    let untraceable: Vec<&str> = requests
        .iter()
        .flat_map(|(trace, lines)| lines.iter().map(move |line| (trace.as_str(), line)))
        .filter(|(_, line)| line["caller"] == format!("user:{UNTRACEABLE}"))
        .map(|(trace, _)| trace)
        .collect();
    let distinct: BTreeSet<&str> = untraceable.iter().copied().collect();
    let holds = distinct.len() == UNREADABLE.len() && distinct.iter().all(|id| is_new(id));
    let sent = format!("{} calls without a readable trace", UNREADABLE.len());
    let came = format!("the log has them in the traces {untraceable:?}");
    let expected = format!("{} new traces", UNREADABLE.len());
    report.observe("C-TRACE-2", holds, seen(sent, came, expected));

    let mut without = |number: &str, sent: &str, needle: &str| {
        let found = log.lines().find(|line| line.contains(needle));
        let came = found.unwrap_or("it is not there");
        let expected = format!("a log without {needle}");
        report.observe(number, found.is_none(), seen(sent, came, expected));
    };
    without("C-REDACT-1", "a call by somebody with an address", ADDRESS);
    without("C-REDACT-2", "calls with tokens", "souk-dev.");
    let is_hidden = log.contains("[hidden]");
    let came = if is_hidden { "[hidden]" } else { "no line has [hidden]" };
    let sent = "a call by somebody with an address";
    report.observe("C-REDACT-1", is_hidden, seen(sent, came, "the caller is [hidden]"));
}

/// Reads a JSON log, and returns its lines of requests.
fn requests(log: &str, report: &mut Report) -> Requests {
    let expected = "one JSON object with timestamp, level and message";
    let sent = "log.format = \"json\"";
    let mut requests = Requests::new();
    let mut lines = log.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = lines.next() {
        let entry = match serde_json::from_str::<Value>(line) {
            Ok(entry) => entry,
            // A process that fails ends with a line for people.
            Err(_) if lines.peek().is_none() && !line.starts_with('{') => continue,
            Err(error) => {
                let came = format!("{line} ({error})");
                report.observe("C-LOG-1", false, seen(sent, came, expected));
                continue;
            }
        };
        let has_all = is_time(&entry["timestamp"])
            && LEVELS.iter().any(|level| entry["level"] == *level)
            && entry["message"].is_string();
        let came = if has_all { "every line is one" } else { line };
        report.observe("C-LOG-1", has_all, seen(sent, came, expected));
        if entry["message"] == "request" {
            let trace = entry["trace.id"].as_str().unwrap_or_default().to_owned();
            requests.entry(trace).or_default().push(entry);
        }
    }
    requests
}

/// Judges the lines of one call.
fn of_call(asked: &Asked, lines: &[Value], report: &mut Report) {
    let sent = format!("{}, answered {}", asked.method, code_name(asked.code));
    let count = format!("{} lines in its trace", lines.len());
    if asked.is_background {
        let holds = lines.is_empty();
        return report.observe("C-LOG-4", holds, seen(sent, count, "no line at info"));
    }
    report.observe("C-TRACE-1", !lines.is_empty(), seen(&sent, &count, "a line in its trace"));
    let [line] = lines else {
        return report.observe("C-LOG-2", false, seen(sent, count, "one line in its trace"));
    };
    let wrong = wrong(asked, line);
    let came = wrong.map_or("one line".to_owned(), |what| format!("{what}: {line}"));
    let expected = format!(
        "one line with its rpc.method, rpc.code, rpc.reason {:?}, rpc.duration_ms and caller",
        asked.reason
    );
    report.observe("C-LOG-2", wrong.is_none(), seen(&sent, came, expected));
    let holds = line["level"] == "INFO" || is_our_fault(asked.code);
    let came = format!("level {}", line["level"]);
    report.observe("C-LOG-4", holds, seen(sent, came, "level INFO"));
}

/// Returns whether a trace was made by the service.
fn is_new(id: &str) -> bool {
    id.len() == 32
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !id.trim_matches('0').is_empty()
        && !id.starts_with("4bf92f35")
}

fn wrong(asked: &Asked, line: &Value) -> Option<&'static str> {
    let is_unknown = asked.reason == "ERROR_REASON_UNIMPLEMENTED";
    let method = if is_unknown { "unknown" } else { &asked.method };
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
pub fn plain(stage: &Stage, log: &str, report: &mut Report) {
    let forged = log.lines().find(|line| line.starts_with("{\"message\"") && line.contains(FORGED));
    let came = forged.unwrap_or("no line of its own");
    let sent = "a call by somebody whose id has line ends";
    let expected = "no line that begins with text from outside";
    report.observe("C-LOG-6", forged.is_none(), seen(sent, came, expected));
    let asked = stage.asked().into_iter();
    for asked in asked.filter(|asked| !asked.is_background && asked.code != Code::Unimplemented) {
        of_plain_call(&asked, log, report);
    }
}

fn of_plain_call(asked: &Asked, log: &str, report: &mut Report) {
    let mut parts =
        vec![format!(" request {}", asked.method), format!(" rpc.code={}", code_name(asked.code))];
    if !asked.reason.is_empty() && asked.code != Code::DeadlineExceeded {
        parts.push(format!(" rpc.reason={}", asked.reason));
    }
    parts.extend([" rpc.duration_ms=", " caller=", " trace.id="].map(str::to_owned));
    let sent =
        format!("{}, answered {}, log.format = \"text\"", asked.method, code_name(asked.code));
    let expected = format!("a line with its time, a level and in this order:{}", parts.concat());
    let trace = format!("trace.id={}", asked.trace);
    let Some(line) = log.lines().find(|line| line.contains(&trace)) else {
        return report.observe("C-LOG-3", false, seen(sent, "no line with its trace", expected));
    };
    let mut rest = line;
    let in_order = parts.iter().all(|part| match rest.split_once(part.as_str()) {
        Some((_, tail)) => {
            rest = tail;
            true
        }
        None => false,
    });
    let day = line.get(..10);
    let has_time = day.is_some_and(|day| day.bytes().filter(u8::is_ascii_digit).count() == 8);
    let holds = in_order && has_time;
    // What holds is the same each time, so that it is kept once.
    let (sent, came, expected) = match holds {
        true => ("calls".to_owned(), "each leaves its line", "a line each".to_owned()),
        false => (sent, line, expected),
    };
    report.observe("C-LOG-3", holds, seen(sent, came, expected));
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
