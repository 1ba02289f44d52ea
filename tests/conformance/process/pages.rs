//! The pages of the second listener, except for the content of the metrics.

use crate::process::report::Report;
use crate::process::stage::Stage;
use crate::process::wire::get;

/// Fetches each page.
pub async fn fetched(stage: &Stage<'_>, report: &mut Report) {
    for (path, wanted) in [("/healthz", 200), ("/readyz", 200), ("/no-such-page", 404)] {
        match get(stage.process.metrics, path).await {
            Ok((status, ..)) => {
                report.look("C-HEALTH-5", status == wanted, format!("GET {path} is {status}"));
                let is_open = status != 401 && status != 403;
                report.look(
                    "C-HEALTH-6",
                    is_open,
                    format!("GET {path} without a token is {status}"),
                );
            }
            Err(why) => report.look("C-HEALTH-5", false, format!("GET {path}: {why}")),
        }
    }
    let (holds, seen) = match get(stage.process.metrics, "/metrics").await {
        Ok((status, head, _)) => {
            let kind = head
                .lines()
                .find(|line| line.starts_with("content-type:"))
                .unwrap_or("no content-type");
            (
                status == 200 && kind.contains("text/plain; version=0.0.4"),
                format!("{status}, {kind}"),
            )
        }
        Err(why) => (false, why),
    };
    report.look("C-METRIC-1", holds, seen);
}
