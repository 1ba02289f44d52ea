//! AuditInventory: checks the invariants of this database on one state of the data.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::AuditInventory;
use souk_client::types::v1::{AuditCount, AuditFinding};
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<AuditInventory> for InventoryRpc {
    async fn handle(&self, _call: Call<pb::AuditInventoryRequest>) -> Result<pb::AuditInventoryResponse, Error> {
        let now = self.clock.now();
        let audit = self.db.snapshot(move |snapshot| async move { store::audit::run(&snapshot, now).await }).await?;

        let findings = audit.findings.into_iter().map(|finding| AuditFinding {
            invariant: finding.invariant.to_owned(),
            subject: finding.subject,
            detail: finding.detail,
        });
        let counts = audit.counts.into_iter().map(|(what, count)| AuditCount { what: what.to_owned(), count });
        Ok(pb::AuditInventoryResponse { findings: findings.collect(), counts: counts.collect() })
    }
}
