//! AuditInventory: checks the invariants of this database on one state of the data.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::AuditInventory;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<AuditInventory> for InventoryRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditInventoryRequest>,
    ) -> Result<pb::AuditInventoryResponse, Error> {
        let now = self.clock.now();
        let report = self
            .db
            .snapshot(move |snapshot| async move { store::audit::run(&snapshot, now).await })
            .await?;
        Ok(pb::AuditInventoryResponse { findings: report.findings, counts: report.counts })
    }
}
