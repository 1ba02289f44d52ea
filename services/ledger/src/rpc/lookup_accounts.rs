//! LookupAccounts: accounts by id, with their balances as they are now.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::LookupAccountsRequest>,
) -> Result<pb::LookupAccountsResponse, Error> {
    let ids = ids("account_ids", &request.into_inner().account_ids)?;
    let accounts = rpc.store.accounts(&ids).await?;
    Ok(pb::LookupAccountsResponse { accounts: accounts.into_iter().map(Into::into).collect() })
}
