//! CreateAccounts: adds accounts, one result for each.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::CreateAccounts;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::account::NewAccount;
use crate::convert::each;
use crate::error::Error;

impl Handle<CreateAccounts> for LedgerRpc {
    async fn handle(&self, call: Call<pb::CreateAccountsRequest>) -> Result<pb::CreateAccountsResponse, Error> {
        let batch: Vec<NewAccount> = each("accounts", call.request.accounts)?;

        let statuses = self.store.create_accounts(batch, self.clock.now()).await?;

        let results = statuses.into_iter().map(|status| pb::CreateAccountResult { status: status.into() }).collect();
        Ok(pb::CreateAccountsResponse { results })
    }
}
