//! AuditCatalog: checks the invariants of the catalogue's database on one state of the data.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::AuditCatalog;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::error::Error;
use crate::store::audit;

impl Handle<AuditCatalog> for CatalogRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditCatalogRequest>,
    ) -> Result<pb::AuditCatalogResponse, Error> {
        let report =
            self.db.snapshot(|snapshot| async move { audit::run(&snapshot).await }).await?;
        Ok(pb::AuditCatalogResponse { findings: report.findings, counts: report.counts })
    }
}
