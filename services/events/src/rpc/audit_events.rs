//! AuditEvents: checks the invariants of this database on one state of the data, and compares it
//! with the log.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::AuditEvents;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::store;
use crate::store::audit::PartitionProgress;

impl Handle<AuditEvents> for EventsRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditEventsRequest>,
    ) -> Result<pb::AuditEventsResponse, Error> {
        let audit = self
            .0
            .db
            .snapshot(|snapshot| async move { store::audit::run(&snapshot).await })
            .await?;
        let mut report = audit.report;

        // After the positions were read, since the log only grows.
        let mut ends = Vec::new();
        for partition in 0..self.0.log.partitions() {
            ends.push(self.0.log.bounds(partition).await?.next);
        }
        for PartitionProgress { subscription, partition, progress } in audit.progress {
            let end = ends.get(partition as usize).copied().unwrap_or_default();
            if progress.end() > end {
                let detail =
                    format!("it is finished up to {}, and the log ends at {end}", progress.end());
                report.add(
                    "a place lies within the log",
                    format!("{subscription}, partition {partition}"),
                    detail,
                );
            }
        }
        Ok(pb::AuditEventsResponse { findings: report.findings, counts: report.counts })
    }
}
