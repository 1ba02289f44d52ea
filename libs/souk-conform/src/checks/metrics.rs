//! C-METRIC: what is counted, and by which names.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tonic::Code;

use crate::report::{Report, seen};
use crate::stage::{Stage, code_name};
use crate::wire::get;

const CALLS: &str = "rpc_server_call_duration_seconds";
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

type Labels = BTreeMap<String, String>;

/// One line of the metrics.
struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

/// Compares the metrics with what was called.
pub async fn counted(stage: &Stage, address: SocketAddr, report: &mut Report) {
    let text = match get(address, "/metrics").await {
        Ok((_, _, text)) => text,
        Err(why) => {
            return report.observe("C-METRIC-2", false, seen("GET /metrics", why, "the metrics"));
        }
    };
    let samples: Vec<Sample> = text.lines().filter_map(sample).collect();
    for code in [Code::Ok, Code::InvalidArgument] {
        calls_of(stage, code, &samples, report);
    }
    let count_name = format!("{CALLS}_count");
    let unknown = samples
        .iter()
        .filter(|sample| sample.name == count_name && sample.label("rpc_method") == "unknown");
    let unknown = unknown.map(|sample| sample.value).sum::<f64>();
    let sent = "2 calls of methods that do not exist";
    let came = format!("{unknown} are counted as rpc_method=\"unknown\"");
    report.observe("C-METRIC-3", unknown >= 2.0, seen(sent, came, "at least 2"));
    let made_up = text.lines().find(|line| line.contains("NoSuchMethod"));
    let came = made_up.unwrap_or("no label has their names");
    let expected = "no label with the name of a method that does not exist";
    report.observe("C-METRIC-3", made_up.is_none(), seen(sent, came, expected));
    let gauge = samples.iter().find(|sample| sample.name == "souk_requests_in_work");
    let came = gauge.map_or("no such line".to_owned(), |gauge| format!("{}", gauge.value));
    let expected = "a gauge souk_requests_in_work";
    report.observe("C-METRIC-5", gauge.is_some(), seen("GET /metrics", came, expected));
}

/// Compares the histogram of the example with how often it was answered with a code.
fn calls_of(stage: &Stage, code: Code, samples: &[Sample], report: &mut Report) {
    let method = &stage.unary().method;
    let asked = stage.asked();
    let made = asked.iter().filter(|asked| asked.method == *method && asked.code == code).count();
    if made == 0 {
        return;
    }
    let word = code_name(code);
    let error_type = if code == Code::Ok { "" } else { word.as_str() };
    let is_of_it = |sample: &&Sample| {
        sample.label("rpc_system_name") == "grpc"
            && sample.label("rpc_method") == *method
            && sample.label("rpc_response_status_code") == word
            && sample.label("error_type") == error_type
    };
    let series: Vec<&Sample> = samples.iter().filter(is_of_it).collect();
    let count = series.iter().find(|sample| sample.name == format!("{CALLS}_count"));
    let sent = format!("{made} calls of {method} that were answered {word}");
    let came = match count {
        Some(count) => format!("{} are counted", count.value),
        None => other_series(method, samples),
    };
    let expected = format!(
        "at least {made} in {CALLS} with rpc_system_name=\"grpc\", rpc_method=\"{method}\", \
         rpc_response_status_code=\"{word}\" and error_type=\"{error_type}\", left out when empty"
    );
    let holds = count.is_some_and(|count| count.value >= made as f64);
    report.observe("C-METRIC-2", holds, seen(&sent, came, expected));

    let buckets = series.iter().filter(|sample| sample.name == format!("{CALLS}_bucket"));
    let bounds = buckets.filter_map(|sample| sample.label("le").parse::<f64>().ok());
    let mut bounds: Vec<f64> = bounds.filter(|bound| bound.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    let came = format!("the boundaries {bounds:?}");
    let expected = format!("the boundaries {BOUNDARIES:?}");
    report.observe("C-METRIC-2", bounds == BOUNDARIES, seen(sent, came, expected));
}

/// Says which series there is of a method instead.
fn other_series(method: &str, samples: &[Sample]) -> String {
    let names_it = |sample: &&Sample| sample.labels.values().any(|value| value.contains(method));
    match samples.iter().find(names_it) {
        Some(other) => format!("no such series; there is {} {:?}", other.name, other.labels),
        None => "no such series, and none of this method".to_owned(),
    }
}

impl Sample {
    /// Returns a label; empty when there is none.
    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Reads one line of Prometheus' text format.
fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (series, ""),
    };
    let mut found = Labels::new();
    let mut rest = labels;
    while let Some((label, tail)) = rest.split_once("=\"") {
        let (value, tail) = tail.split_once('"')?;
        found.insert(label.trim_start_matches(',').trim().to_owned(), value.to_owned());
        rest = tail;
    }
    Some(Sample { name: name.trim().to_owned(), labels: found, value: value.parse().ok()? })
}
