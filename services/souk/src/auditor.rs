//! The auditor: the worker that audits its shop periodically and exports the result as metrics.

use std::time::Duration;

use serde::Deserialize;
use souk_chassis::{Context, Definition, Drain, Host, Service};

use crate::audit::report::{Report, audit};
use crate::connect::Services;

/// The settings of the auditor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Seconds between the end of an audit and the start of the next; 0 turns the auditor off.
    interval_seconds: u64,
    /// How long a difference may last because an order is in progress, in seconds.
    patience_seconds: u64,
}

const DEFAULT_CONFIG: &str = "\
# Seconds between the end of an audit and the start of the next; 0 turns the auditor off.
interval_seconds = 300
# Seconds that a difference between two services may last while an order is in progress.
patience_seconds = 90
";

/// Returns the auditor, ready to be run beside the services.
pub fn definition() -> Definition {
    Definition::new("auditor", DEFAULT_CONFIG, |config: Config, host: Host| async move {
        let services = Services::beside(&host);
        Ok(Service::new(&souk_client::CONTRACT)
            .worker("audit", move |drain| audit_forever(services.clone(), config.clone(), drain)))
    })
    .scopes(&["inventory.read", "ops.audit", "orders.read", "payments.read"])
}

async fn audit_forever(services: Services, config: Config, drain: Drain) {
    if config.interval_seconds == 0 {
        return;
    }
    while drain.pause(Duration::from_secs(config.interval_seconds)).await {
        let patience = Duration::from_secs(config.patience_seconds);
        let context = Context::background("auditor");
        let audited = tokio::select! {
            audited = context.scope(audit(&services, patience)) => audited,
            () = drain.started() => return,
        };
        match audited {
            Ok(report) => tell(&report),
            // A shop with a service down cannot be audited; that service reports it itself.
            Err(error) => {
                metrics::counter!("souk_audits_total", "outcome" => "unfinished").increment(1);
                tracing::warn!("the shop could not be audited: {error}");
            }
        }
    }
}

fn tell(report: &Report) {
    let outcome = if report.findings.is_empty() { "clean" } else { "broken" };
    metrics::counter!("souk_audits_total", "outcome" => outcome).increment(1);
    metrics::gauge!("souk_audit_findings").set(report.findings.len() as f64);
    for finding in &report.findings {
        tracing::error!(
            audit.invariant = finding.invariant,
            audit.subject = finding.subject,
            "the invariant {} does not hold for {}: {}",
            finding.invariant,
            finding.subject,
            finding.detail
        );
    }
}
