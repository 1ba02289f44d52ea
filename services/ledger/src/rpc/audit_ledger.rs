//! AuditLedger: checks the invariants of the ledger's database.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::error::Error;

pub async fn handle(rpc: &LedgerRpc, _: Request<pb::AuditLedgerRequest>) -> Result<pb::AuditLedgerResponse, Error> {
    Ok(rpc.store.audit().await?.into())
}
