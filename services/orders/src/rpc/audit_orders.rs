//! AuditOrders: checks the invariants of the orders database.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::AuditOrders;
use souk_client::types::v1::{AuditCount, AuditFinding};
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;

impl Handle<AuditOrders> for OrderRpc {
    async fn handle(&self, _call: Call<pb::AuditOrdersRequest>) -> Result<pb::AuditOrdersResponse, Error> {
        let (findings, counts) = self.store.audit().await?;
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
}
