//! GetTrialBalance: the sums over all accounts of each ledger.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::GetTrialBalanceRequest>,
) -> Result<pb::GetTrialBalanceResponse, Error> {
    let lines = rpc.store.trial_balance(request.into_inner().ledger).await?;
    Ok(pb::GetTrialBalanceResponse { lines: lines.into_iter().map(Into::into).collect() })
}
