//! ListAccountTransfers: the history of an account, newest first.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListAccountTransfers;
use souk_contract::{Call, Handle};
use souk_data::page;

use super::LedgerRpc;
use super::list_transfers::{page_size, shown};
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<ListAccountTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::ListAccountTransfersRequest>,
    ) -> Result<pb::ListAccountTransfersResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let filter = convert::account_filter(&request)?;
        let reader = self.db.read();
        let account = store::account::get(&reader, request.account_id()?).await?;

        let parts = filter.scope();
        let mut scope = vec!["ListAccountTransfers", &caller, &request.account_id];
        scope.extend(parts.iter().map(String::as_str));
        let tokens = self.db.page_tokens();
        let start = match tokens.open(&scope, &request.page_token)? {
            Some(cursor) => cursor.get(0)?,
            None => store::list::start(&reader, &account, &filter).await?,
        };

        let limit = page_size(request.page_size);
        let found = store::list::of_account(&reader, account.number, &filter, start, limit).await?;
        // Each transfer names the one before it; that of the last on the page begins the next page.
        let before: Vec<i64> = found.rows.iter().map(|row| row.previous(account.number)).collect();
        let mut transfers = shown(&reader, found.rows).await?;
        let next =
            if page::fit(&mut transfers) { Some(before[transfers.len() - 1]) } else { found.next };
        let token = |next: i64| tokens.issue(&scope, &[next.into()]);
        let next_page_token = next.map(token).unwrap_or_default();
        Ok(pb::ListAccountTransfersResponse { transfers, next_page_token })
    }
}
