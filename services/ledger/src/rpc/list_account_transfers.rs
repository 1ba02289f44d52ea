//! ListAccountTransfers: the history of an account, newest first.

use souk_chassis::Caller;
use souk_client::ledger::v1 as pb;
use souk_data::args;
use tonic::Request;

use super::{LedgerRpc, page_size};
use crate::convert::id;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::ListAccountTransfersRequest>,
) -> Result<pb::ListAccountTransfersResponse, Error> {
    let caller = Caller::of(&request).key();
    let request = request.into_inner();
    let account = rpc.store.account(id("account_id", &request.account_id)?).await?;
    let limit = page_size(request.page_size);

    let scope = ["ListAccountTransfers", &caller, &request.account_id];
    let tokens = rpc.store.db().page_tokens();
    let newest = match tokens.open(&scope, &request.page_token)? {
        Some(cursor) => cursor.get(0)?,
        None => account.last_sequence,
    };

    let transfers = rpc.store.history(account.number, newest, limit).await?;
    // The last transfer of the page names the one before it, which begins the next page.
    let next = transfers.last().map_or(0, |last| last.transfer.previous(account.number));
    let next_page_token = if next == 0 { String::new() } else { tokens.issue(&scope, args![next]) };
    Ok(pb::ListAccountTransfersResponse { transfers: transfers.into_iter().map(Into::into).collect(), next_page_token })
}
