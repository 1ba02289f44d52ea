//! Rate, errors and duration of calls, by OpenTelemetry's RPC conventions:
//! `rpc.server.call.duration` and its client twin.
//!
//! Counting a call is two atomic additions on a cell that belongs to the method and the code. The
//! `metrics` facade would look the cell up by its labels, and keep every sample until it is read.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tonic::Code;

/// The boundaries that OpenTelemetry advises for call durations, in seconds.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const BOUNDARIES_NANOS: [u64; 14] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    7_500_000_000,
    10_000_000_000,
];

/// The calls of one method, apart by code.
#[derive(Default)]
pub(crate) struct Calls([OnceLock<Box<Cell>>; 17]);

#[derive(Default)]
struct Cell {
    buckets: [AtomicU64; BOUNDARIES.len() + 1],
    nanos: AtomicU64,
}

impl Calls {
    pub(crate) fn record(&self, code: Code, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket =
            BOUNDARIES_NANOS.iter().position(|most| nanos <= *most).unwrap_or(BOUNDARIES.len());
        let cell = self.0[code as usize].get_or_init(Box::default);
        cell.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        cell.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// Writes the histogram of all `methods` in Prometheus' text format.
pub(crate) fn render<'a>(
    name: &str,
    methods: impl Iterator<Item = (&'a str, &'a Calls)>,
    out: &mut String,
) {
    let _ =
        writeln!(out, "# HELP {name} How long a call took, in seconds.\n# TYPE {name} histogram");
    for (path, calls) in methods {
        let method = path.trim_start_matches('/');
        for (code, cell) in calls.0.iter().enumerate() {
            let Some(cell) = cell.get() else { continue };
            let code = code_name(Code::from_i32(code as i32));
            let mut labels = format!(
                "rpc_system_name=\"grpc\",rpc_method=\"{method}\",rpc_response_status_code=\"{code}\""
            );
            if code != "OK" {
                let _ = write!(labels, ",error_type=\"{code}\"");
            }
            let mut count = 0;
            for (index, bucket) in cell.buckets.iter().enumerate() {
                count += bucket.load(Ordering::Relaxed);
                match BOUNDARIES.get(index) {
                    Some(most) => writeln!(out, "{name}_bucket{{{labels},le=\"{most}\"}} {count}"),
                    None => writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}"),
                }
                .expect("a string takes every text");
            }
            let seconds = cell.nanos.load(Ordering::Relaxed) as f64 / 1e9;
            let _ =
                writeln!(out, "{name}_sum{{{labels}}} {seconds}\n{name}_count{{{labels}}} {count}");
        }
    }
}

/// Returns the code as it is written in logs and metrics: `NOT_FOUND`.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_in_its_bucket_and_all_above() {
        let calls = Calls::default();
        calls.record(Code::Ok, Duration::from_millis(7));
        calls.record(Code::NotFound, Duration::from_secs(60));
        let mut text = String::new();
        render("rpc_server_call_duration_seconds", [("/a.B/C", &calls)].into_iter(), &mut text);
        let ok = "rpc_system_name=\"grpc\",rpc_method=\"a.B/C\",rpc_response_status_code=\"OK\"";
        assert!(text.contains(&format!("_bucket{{{ok},le=\"0.005\"}} 0\n")), "{text}");
        assert!(text.contains(&format!("_bucket{{{ok},le=\"0.01\"}} 1\n")), "{text}");
        assert!(text.contains(&format!("_sum{{{ok}}} 0.007\n")), "{text}");
        assert!(text.contains("error_type=\"NOT_FOUND\",le=\"10\"} 0\n"), "{text}");
        assert!(text.contains("error_type=\"NOT_FOUND\",le=\"+Inf\"} 1\n"), "{text}");
    }
}
