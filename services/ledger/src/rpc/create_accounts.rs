//! CreateAccounts: adds accounts, one result for each.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::account::NewAccount;
use crate::convert::each;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::CreateAccountsRequest>,
) -> Result<pb::CreateAccountsResponse, Error> {
    let batch: Vec<NewAccount> = each("accounts", request.into_inner().accounts)?;

    let statuses = rpc.store.create_accounts(batch, rpc.clock.now()).await?;

    let results = statuses.into_iter().map(|status| pb::CreateAccountResult { status: status.into() }).collect();
    Ok(pb::CreateAccountsResponse { results })
}
