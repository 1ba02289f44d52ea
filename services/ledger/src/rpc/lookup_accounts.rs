//! LookupAccounts: accounts by id, with their balances as they are now.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::LookupAccounts;
use souk_contract::{Call, Handle};
use souk_data::page;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;

impl Handle<LookupAccounts> for LedgerRpc {
    async fn handle(&self, call: Call<pb::LookupAccountsRequest>) -> Result<pb::LookupAccountsResponse, Error> {
        let ids = ids("account_ids", &call.request.account_ids)?;
        let found = self.store.accounts(&ids).await?;
        let mut accounts: Vec<pb::Account> = found.into_iter().map(Into::into).collect();
        if page::fit(&mut accounts) {
            return Err(Error::too_large("account_ids", accounts.len()));
        }
        Ok(pb::LookupAccountsResponse { accounts })
    }
}
