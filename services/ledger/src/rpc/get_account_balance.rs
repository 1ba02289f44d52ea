//! GetAccountBalance: what an account held at a moment.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::{id, optional_time};
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::GetAccountBalanceRequest>,
) -> Result<pb::GetAccountBalanceResponse, Error> {
    let request = request.into_inner();
    let account = id("account_id", &request.account_id)?;
    let at = optional_time("at_time", request.at_time)?;

    let balance = match (at, request.time_axis()) {
        (None, _) => rpc.store.account(account).await?.balance,
        (Some(at), pb::TimeAxis::Effective) => rpc.store.balance_effective(account, at).await?,
        (Some(at), pb::TimeAxis::Unspecified | pb::TimeAxis::Recorded) => {
            rpc.store.balance_recorded(account, at).await?
        }
    };
    Ok(pb::GetAccountBalanceResponse { balance: Some(balance.into()) })
}
