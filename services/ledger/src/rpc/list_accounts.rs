//! ListAccounts: all accounts, or those of a ledger or a code, in the order they were created.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListAccounts;
use souk_contract::{Call, Handle};
use souk_data::{args, page};

use super::{LedgerRpc, page_size};
use crate::error::Error;
use crate::store::AccountFilter;

impl Handle<ListAccounts> for LedgerRpc {
    async fn handle(&self, call: Call<pb::ListAccountsRequest>) -> Result<pb::ListAccountsResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let filter = AccountFilter { ledger: request.ledger, code: request.code };
        let limit = page_size(request.page_size);

        let (ledger, code) = (filter.ledger.to_string(), filter.code.to_string());
        let scope = ["ListAccounts", &caller, &ledger, &code];
        let tokens = self.store.db().page_tokens();
        let after = match tokens.open(&scope, &request.page_token)? {
            Some(cursor) => cursor.get(0)?,
            None => 0,
        };

        // One more than asked tells whether there is another page.
        let found = self.store.accounts_after(after, filter, limit + 1).await?;
        let numbers: Vec<i64> = found.iter().map(|account| account.number).collect();
        let mut accounts: Vec<pb::Account> = found.into_iter().take(limit as usize).map(Into::into).collect();
        page::fit(&mut accounts);
        let has_more = accounts.len() < numbers.len();
        let next_page_token = match accounts.len().checked_sub(1) {
            Some(last) if has_more => tokens.issue(&scope, args![numbers[last]]),
            _ => String::new(),
        };
        Ok(pb::ListAccountsResponse { accounts, next_page_token })
    }
}
