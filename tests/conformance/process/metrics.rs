//! C-METRIC: what is counted, and by which names.

use std::collections::BTreeMap;

use tonic::Code;

use crate::process::report::Report;
use crate::process::stage::Stage;
use crate::process::wire::get;

const CALLS: &str = "rpc_server_call_duration_seconds";
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

type Labels = BTreeMap<String, String>;

/// Compares the metrics with what was called.
pub async fn counted(stage: &Stage<'_>, report: &mut Report) {
    let text = match get(stage.process.metrics, "/metrics").await {
        Ok((_, _, text)) => text,
        Err(why) => return report.look("C-METRIC-2", false, why),
    };
    let samples = text.lines().filter_map(sample).collect::<Vec<_>>();
    let method = &stage.unary().method;
    let asked = stage.asked();
    for (code, word) in [(Code::Ok, "OK"), (Code::InvalidArgument, "INVALID_ARGUMENT")] {
        let wanted =
            asked.iter().filter(|asked| asked.method == *method && asked.code == code).count();
        if wanted == 0 {
            continue;
        }
        let series = |labels: &Labels| {
            let label = |name: &str| labels.get(name).map_or("", String::as_str);
            label("rpc_system_name") == "grpc"
                && label("rpc_method") == *method
                && label("rpc_response_status_code") == word
                && label("error_type") == if word == "OK" { "" } else { word }
        };
        let count = samples
            .iter()
            .find(|(name, labels, _)| name == &format!("{CALLS}_count") && series(labels));
        let seen = count.map_or_else(
            || "there is no such series".to_owned(),
            |(_, _, count)| format!("{count} are counted"),
        );
        let holds = count.is_some_and(|(_, _, count)| *count >= wanted as f64);
        report.look(
            "C-METRIC-2",
            holds,
            format!("{method} was answered {word} at least {wanted} times: {seen}"),
        );

        let bucket = |(name, labels, _): &(String, Labels, f64)| {
            let is_bucket = name == &format!("{CALLS}_bucket") && series(labels);
            is_bucket
                .then(|| labels.get("le")?.parse::<f64>().ok())
                .flatten()
                .filter(|most| most.is_finite())
        };
        let mut boundaries = samples.iter().filter_map(bucket).collect::<Vec<_>>();
        boundaries.sort_by(f64::total_cmp);
        report.look(
            "C-METRIC-2",
            boundaries == BOUNDARIES,
            format!("{word} has the boundaries {boundaries:?}"),
        );
    }
    let unknown = samples.iter().filter(|(name, labels, _)| {
        name == &format!("{CALLS}_count")
            && labels.get("rpc_method").is_some_and(|method| method == "unknown")
    });
    let unknown = unknown.map(|(_, _, count)| count).sum::<f64>();
    report.look(
        "C-METRIC-3",
        unknown >= 2.0,
        format!("2 calls of methods that do not exist, {unknown} counted"),
    );
    let made_up = text.contains("NoSuchMethod");
    report.look("C-METRIC-3", !made_up, "what a caller makes up stands in no label");
    let gauge = samples.iter().find(|(name, ..)| name == "souk_requests_in_work");
    report.look(
        "C-METRIC-5",
        gauge.is_some(),
        format!("souk_requests_in_work is {:?}", gauge.map(|(_, _, value)| value)),
    );
}

/// Reads one line of Prometheus' text format.
fn sample(line: &str) -> Option<(String, Labels, f64)> {
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
    Some((name.trim().to_owned(), found, value.parse().ok()?))
}
