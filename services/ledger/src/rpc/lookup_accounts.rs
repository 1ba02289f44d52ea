//! LookupAccounts: accounts by id, with their balances as they are now.

use std::collections::HashMap;

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::LookupAccounts;
use souk_contract::{Call, Handle};
use souk_data::page;
use souk_types::AccountId;

use super::LedgerRpc;
use crate::account::Account;
use crate::convert::ids;
use crate::error::Error;
use crate::store;
use crate::store::ledger::Currencies;

impl Handle<LookupAccounts> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::LookupAccountsRequest>,
    ) -> Result<pb::LookupAccountsResponse, Error> {
        let ids = ids("account_ids", &call.request.account_ids)?;
        let reader = self.db.read();
        let found = store::account::find(&reader, &ids).await?;
        let ledgers = found.iter().map(|account| account.ledger);
        let currencies = Currencies::of(&reader, ledgers).await?;

        let by_id: HashMap<AccountId, Account> =
            found.into_iter().map(|account| (account.id, account)).collect();
        let in_order = ids.iter().filter_map(|id| by_id.get(id)).cloned();
        let mut accounts: Vec<pb::Account> =
            in_order.map(|account| currencies.account(account)).collect();
        if page::fit(&mut accounts) {
            return Err(Error::too_large("account_ids", accounts.len()));
        }
        let missing = ids.iter().filter(|id| !by_id.contains_key(id));
        let missing_account_ids = missing.map(AccountId::to_string).collect();
        Ok(pb::LookupAccountsResponse { accounts, missing_account_ids })
    }
}
