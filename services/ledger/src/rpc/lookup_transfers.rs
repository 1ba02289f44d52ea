//! LookupTransfers: transfers by id.

use souk_client::ledger::v1 as pb;
use souk_data::page;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::LookupTransfersRequest>,
) -> Result<pb::LookupTransfersResponse, Error> {
    let ids = ids("transfer_ids", &request.into_inner().transfer_ids)?;
    let found = rpc.store.transfers(&ids).await?;
    let mut transfers: Vec<pb::Transfer> = found.into_iter().map(Into::into).collect();
    if page::fit(&mut transfers) {
        return Err(Error::too_large("transfer_ids", transfers.len()));
    }
    Ok(pb::LookupTransfersResponse { transfers })
}
