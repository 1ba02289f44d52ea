//! AuditEvents: checks the invariants of this database on one state of the data, and holds it against the log.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::AuditEvents;
use souk_client::types::v1::{AuditCount, AuditFinding};
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::store;

impl Handle<AuditEvents> for EventsRpc {
    async fn handle(&self, _call: Call<pb::AuditEventsRequest>) -> Result<pb::AuditEventsResponse, Error> {
        let mut audit = self.0.db.snapshot(|snapshot| async move { store::audit::run(&snapshot).await }).await?;

        // After the places were read, since the log only grows.
        let mut ends = Vec::new();
        for partition in 0..self.0.log.partitions() {
            ends.push(self.0.log.bounds(partition).await?.next);
        }
        for (name, partition, progress) in std::mem::take(&mut audit.places) {
            let end = ends.get(partition as usize).copied().unwrap_or_default();
            if progress.end() > end {
                let detail = format!("it is finished up to {}, and the log ends at {end}", progress.end());
                audit.add("a place lies within the log", format!("{name}, partition {partition}"), detail);
            }
        }

        let findings = audit.findings.into_iter().map(|finding| AuditFinding {
            invariant: finding.invariant.to_owned(),
            subject: finding.subject,
            detail: finding.detail,
        });
        let counts = audit.counts.into_iter().map(|(what, count)| AuditCount { what: what.to_owned(), count });
        Ok(pb::AuditEventsResponse { findings: findings.collect(), counts: counts.collect() })
    }
}
