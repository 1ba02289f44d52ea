//! AuditOrders: checks the invariants of this database on one state of the data.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::AuditOrders;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;
use crate::store;

impl Handle<AuditOrders> for OrderRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditOrdersRequest>,
    ) -> Result<pb::AuditOrdersResponse, Error> {
        let report =
            self.db.snapshot(|snapshot| async move { store::audit::run(&snapshot).await }).await?;
        Ok(pb::AuditOrdersResponse { findings: report.findings, counts: report.counts })
    }
}
