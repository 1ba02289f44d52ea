//! ListAccounts: all accounts, or those of a ledger, a code or a user_data, in the order they were
//! created.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListAccounts;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::LedgerRpc;
use crate::error::Error;
use crate::store;
use crate::store::account::AccountFilter;
use crate::store::ledger::Currencies;

impl Handle<ListAccounts> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::ListAccountsRequest>,
    ) -> Result<pb::ListAccountsResponse, Error> {
        let caller = call.caller.key();
        let pb::ListAccountsRequest { page_size, page_token, ledger, code, user_data } =
            call.request;
        let filter = (ledger.to_string(), code.to_string());
        let page = Page::open(
            &self.db,
            &caller,
            "ListAccounts",
            &[&filter.0, &filter.1, &user_data],
            page_size,
            &page_token,
        )?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let filter = AccountFilter { ledger, code, user_data };
        let reader = self.db.read();
        let found = store::account::list(&reader, after, &filter, page.limit()).await?;
        let ledgers = found.iter().map(|account| account.ledger);
        let currencies = Currencies::of(&reader, ledgers).await?;

        let (accounts, next_page_token) = page.close(
            &found,
            |account| vec![account.number.into()],
            |account| currencies.account(account.clone()),
        );
        Ok(pb::ListAccountsResponse { accounts, next_page_token })
    }
}
