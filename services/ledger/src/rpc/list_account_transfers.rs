//! ListAccountTransfers: the history of an account, newest first.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListAccountTransfers;
use souk_contract::{Call, Handle};
use souk_data::page;

use super::LedgerRpc;
use crate::error::Error;
use crate::store;

/// How many transfers a page has when the caller does not say.
const DEFAULT_PAGE_SIZE: i64 = 100;

impl Handle<ListAccountTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::ListAccountTransfersRequest>,
    ) -> Result<pb::ListAccountTransfersResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let reader = self.db.read();
        let account = store::account::get(&reader, request.account_id()?).await?;
        let limit =
            if request.page_size == 0 { DEFAULT_PAGE_SIZE } else { request.page_size.into() };

        let scope = ["ListAccountTransfers", &caller, &request.account_id];
        let tokens = self.db.page_tokens();
        let newest = match tokens.open(&scope, &request.page_token)? {
            Some(cursor) => cursor.get(0)?,
            None => account.last_sequence,
        };

        let found = store::transfer::history(&reader, account.number, newest, limit).await?;
        // Each transfer names the one before it; that of the last on the page begins the next page.
        let before: Vec<i64> =
            found.iter().map(|found| found.transfer.previous(account.number)).collect();
        let mut transfers: Vec<pb::Transfer> = found.into_iter().map(Into::into).collect();
        page::fit(&mut transfers);
        let next = transfers.len().checked_sub(1).map_or(0, |last| before[last]);
        let next_page_token =
            if next == 0 { String::new() } else { tokens.issue(&scope, &[next.into()]) };
        Ok(pb::ListAccountTransfersResponse { transfers, next_page_token })
    }
}
