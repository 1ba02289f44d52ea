//! The parts of a run, each with the sentences that it observes: `--only` leaves out the others.

use crate::report::Part;

/// A part whose calls count for the sentences that are judged by all calls.
const fn calls(name: &'static str, sentences: &'static [&'static str]) -> Part {
    Part { name, sentences, calls: true }
}

/// A part that starts processes of its own.
const fn apart(name: &'static str, sentences: &'static [&'static str]) -> Part {
    Part { name, sentences, calls: false }
}

pub static WRONG_SETTINGS: Part = apart(
    "starts with wrong settings",
    &["C-CONFIG-3", "C-CONFIG-4", "C-CONFIG-5", "C-CONFIG-6", "C-CONFIG-7"],
);

// The process as it runs by default.
pub static START: Part = apart("a start", &["C-START-1", "C-START-2"]);
pub static HEALTH: Part =
    calls("health", &["C-HEALTH-1", "C-HEALTH-2", "C-HEALTH-3", "C-HEALTH-4", "C-HEALTH-6"]);
pub static PAGES: Part = calls("pages", &["C-HEALTH-5", "C-HEALTH-6", "C-METRIC-1"]);
pub static REFLECTION: Part = calls("reflection", &["C-REFLECT", "C-HEALTH-6"]);
pub static INVARIANTS: Part = calls("invariants", &["C-OPS"]);
pub static CALLERS: Part = calls(
    "every method by every kind of caller",
    &["C-ACCESS-1", "C-ACCESS-2", "C-ACCESS-3", "C-ACCESS-7", "C-VALID-2"],
);
pub static TOKENS: Part = calls("tokens", &["C-ACCESS-4", "C-ACCESS-5"]);
pub static OWNERSHIP: Part = calls("ownership", &["C-OWN"]);
pub static VALIDATION: Part = calls("broken fields", &["C-VALID-1"]);
pub static LARGE_MESSAGE: Part = calls("a large message", &["C-VALID-5", "C-CONFIG-1"]);
pub static FRAMES: Part = calls("broken frames", &["C-ERROR-8", "C-ERROR-9", "C-VALID-5"]);
pub static UNKNOWN_METHODS: Part = calls("methods that do not exist", &["C-ERROR-2"]);
pub static DEADLINES: Part = calls("deadlines", &["C-DEADLINE-2", "C-DEADLINE-3"]);
pub static TRACES: Part = calls("traces", &["C-TRACE-2"]);
pub static ADDRESSES: Part = calls("a caller with an address", &["C-REDACT-1"]);
pub static METRICS: Part = calls("metrics", &["C-METRIC-2", "C-METRIC-3", "C-METRIC-5"]);
pub static AGAIN: Part =
    apart("further starts beside it", &["C-START-1", "C-START-4", "C-START-5", "C-START-7"]);
pub static SIGTERM: Part = calls("SIGTERM", &["C-DRAIN-1", "C-DRAIN-2", "C-DRAIN-3", "C-DRAIN-4"]);
pub static JSON_LOG: Part = calls(
    "its log",
    &[
        "C-LOG-1",
        "C-LOG-2",
        "C-LOG-4",
        "C-CONFIG-1",
        "C-TRACE-1",
        "C-TRACE-2",
        "C-REDACT-1",
        "C-REDACT-2",
    ],
);
pub static ERRORS: Part = calls("all errors", &["C-ERROR-1", "C-ERROR-3", "C-ERROR-4"]);

/// What one process is asked that runs by default.
pub static USUAL: [&Part; 20] = [
    &START,
    &HEALTH,
    &PAGES,
    &REFLECTION,
    &INVARIANTS,
    &CALLERS,
    &TOKENS,
    &OWNERSHIP,
    &VALIDATION,
    &LARGE_MESSAGE,
    &FRAMES,
    &UNKNOWN_METHODS,
    &DEADLINES,
    &TRACES,
    &ADDRESSES,
    &METRICS,
    &AGAIN,
    &SIGTERM,
    &JSON_LOG,
    &ERRORS,
];

// The process with small limits.
pub static LIMITS: Part = calls("limits", &["C-LIMIT-1", "C-LIMIT-2", "C-CONFIG-2"]);
pub static ODD_VALUES: Part = calls("odd values", &["C-ERROR-4"]);
pub static FORGERS: Part = calls("a caller with line ends", &["C-LOG-6"]);
pub static SIGINT: Part = calls("SIGINT", &["C-DRAIN-1", "C-DRAIN-4"]);
pub static SPANS: Part = calls("its spans", &["C-TRACE-3"]);
pub static UPSTREAMS: Part =
    calls("its calls to upstreams", &["C-CALL-1", "C-CALL-2", "C-CALL-3", "C-TRACE-1"]);
pub static TEXT_LOG: Part = calls("its log", &["C-LOG-3", "C-LOG-6"]);
pub static SECRETS: Part =
    calls("secrets", &["C-REDACT-1", "C-REDACT-2", "C-REDACT-3", "C-CONFIG-7"]);

/// What one process is asked that has small limits.
pub static BOUNDED: [&Part; 9] =
    [&LIMITS, &ODD_VALUES, &FORGERS, &SIGINT, &SPANS, &UPSTREAMS, &TEXT_LOG, &SECRETS, &ERRORS];

pub static ALONE: Part =
    apart("a start without upstreams", &["C-START-3", "C-ACCESS-6", "C-CONFIG-2"]);
pub static WRITES: Part = apart("repeated writes", &["C-WRITE-1", "C-WRITE-2", "C-WRITE-3"]);
pub static EVENTS: Part = apart("events", &["C-EVENT-1", "C-EVENT-2", "C-EVENT-3"]);
pub static FOLDER: Part = apart("its folder", &["C-START-5"]);
