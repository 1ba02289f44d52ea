//! AuditLedger: checks the invariants of the ledger's database.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::AuditLedger;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::error::Error;

impl Handle<AuditLedger> for LedgerRpc {
    async fn handle(&self, _call: Call<pb::AuditLedgerRequest>) -> Result<pb::AuditLedgerResponse, Error> {
        Ok(self.store.audit().await?.into())
    }
}
