//! The pages of the second listener, except for the content of the metrics.

use std::net::SocketAddr;

use crate::report::{Report, seen};
use crate::wire::get;

/// Fetches each page.
pub async fn fetched(address: SocketAddr, report: &mut Report) {
    for (path, expected) in [("/healthz", 200), ("/readyz", 200), ("/no-such-page", 404)] {
        let sent = format!("GET {path} without a token");
        let expected_status = format!("status {expected}");
        match get(address, path).await {
            Ok((status, ..)) => {
                let came = format!("status {status}");
                let holds = status == expected;
                report.observe("C-HEALTH-5", holds, seen(&sent, &came, expected_status));
                let is_open = status != 401 && status != 403;
                report.observe("C-HEALTH-6", is_open, seen(sent, came, "neither 401 nor 403"));
            }
            Err(why) => report.observe("C-HEALTH-5", false, seen(sent, why, expected_status)),
        }
    }
    let (holds, came) = match get(address, "/metrics").await {
        Ok((status, head, _)) => {
            let mut lines = head.lines();
            let kind = lines.find(|line| line.starts_with("content-type:"));
            let kind = kind.unwrap_or("no content-type");
            let is_prometheus = status == 200 && kind.contains("text/plain; version=0.0.4");
            (is_prometheus, format!("status {status}, {kind}"))
        }
        Err(why) => (false, why),
    };
    let expected = "status 200, content-type text/plain; version=0.0.4";
    report.observe("C-METRIC-1", holds, seen("GET /metrics", came, expected));
}
