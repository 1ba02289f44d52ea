//! AuditInventory: checks the invariants of this database on one state of the data.

use souk_client::inventory::v1 as pb;
use souk_client::types::v1::{AuditCount, AuditFinding};
use tonic::Request;

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

pub async fn handle(
    rpc: &InventoryRpc,
    _request: Request<pb::AuditInventoryRequest>,
) -> Result<pb::AuditInventoryResponse, Error> {
    let now = rpc.clock.now();
    let audit = rpc.db.snapshot(move |snapshot| async move { store::audit::run(&snapshot, now).await }).await?;

    let findings = audit.findings.into_iter().map(|finding| AuditFinding {
        invariant: finding.invariant.to_owned(),
        subject: finding.subject,
        detail: finding.detail,
    });
    let counts = audit.counts.into_iter().map(|(what, count)| AuditCount { what: what.to_owned(), count });
    Ok(pb::AuditInventoryResponse { findings: findings.collect(), counts: counts.collect() })
}
