//! AuditCatalog: checks the invariants of the catalogue's database.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::AuditCatalog;
use souk_client::types::v1::{AuditCount, AuditFinding};
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::error::Error;
use crate::store::audit;

impl Handle<AuditCatalog> for CatalogRpc {
    async fn handle(&self, _call: Call<pb::AuditCatalogRequest>) -> Result<pb::AuditCatalogResponse, Error> {
        let (findings, counts) = self.db.snapshot(|reader| async move { audit::audit(&reader).await }).await?;

        let finding = |found: audit::Finding| AuditFinding {
            invariant: found.invariant.to_owned(),
            subject: found.subject,
            detail: found.detail,
        };
        Ok(pb::AuditCatalogResponse {
            findings: findings.into_iter().map(finding).collect(),
            counts: counts.map(|(what, count)| AuditCount { what: what.to_owned(), count }).into(),
        })
    }
}
