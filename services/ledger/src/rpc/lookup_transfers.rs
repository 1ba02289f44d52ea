//! LookupTransfers: transfers by id.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::LookupTransfersRequest>,
) -> Result<pb::LookupTransfersResponse, Error> {
    let ids = ids("transfer_ids", &request.into_inner().transfer_ids)?;
    let transfers = rpc.store.transfers(&ids).await?;
    Ok(pb::LookupTransfersResponse { transfers: transfers.into_iter().map(Into::into).collect() })
}
