//! AuditLedger: checks the invariants of this database on one state of the data.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::AuditLedger;
use souk_contract::{Call, Handle};
use souk_data::Reader;

use super::LedgerRpc;
use crate::error::Error;
use crate::store;

impl Handle<AuditLedger> for LedgerRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditLedgerRequest>,
    ) -> Result<pb::AuditLedgerResponse, Error> {
        let report = self
            .db
            .snapshot(|snapshot: Reader| async move { store::audit::run(&snapshot).await })
            .await?;
        Ok(pb::AuditLedgerResponse { findings: report.findings, counts: report.counts })
    }
}
