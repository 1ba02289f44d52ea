//! AuditOrders: checks the invariants of the orders database.

use souk_client::orders::v1 as pb;
use souk_client::types::v1::{AuditCount, AuditFinding};
use tonic::Request;

use super::OrderRpc;
use crate::error::Error;

pub async fn handle(
    rpc: &OrderRpc,
    _request: Request<pb::AuditOrdersRequest>,
) -> Result<pb::AuditOrdersResponse, Error> {
    let (findings, counts) = rpc.store.audit().await?;
    let finding = |found: crate::store::Finding| AuditFinding {
        invariant: format!("orders.{}", found.invariant),
        subject: found.subject,
        detail: found.detail,
    };
    Ok(pb::AuditOrdersResponse {
        findings: findings.into_iter().map(finding).collect(),
        counts: counts.map(|(what, count)| AuditCount { what: what.to_owned(), count }).into(),
    })
}
