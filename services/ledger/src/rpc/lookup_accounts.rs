//! LookupAccounts: accounts by id, with their balances as they are now.

use souk_client::ledger::v1 as pb;
use souk_data::page;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::LookupAccountsRequest>,
) -> Result<pb::LookupAccountsResponse, Error> {
    let ids = ids("account_ids", &request.into_inner().account_ids)?;
    let found = rpc.store.accounts(&ids).await?;
    let mut accounts: Vec<pb::Account> = found.into_iter().map(Into::into).collect();
    if page::fit(&mut accounts) {
        return Err(Error::too_large("account_ids", accounts.len()));
    }
    Ok(pb::LookupAccountsResponse { accounts })
}
