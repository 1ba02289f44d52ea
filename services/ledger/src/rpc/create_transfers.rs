//! CreateTransfers: moves money, one result for each transfer.

use souk_client::ledger::v1 as pb;
use tonic::Request;

use super::LedgerRpc;
use crate::convert::each;
use crate::error::Error;
use crate::transfer::NewTransfer;

pub async fn handle(
    rpc: &LedgerRpc,
    request: Request<pb::CreateTransfersRequest>,
) -> Result<pb::CreateTransfersResponse, Error> {
    let batch: Vec<NewTransfer> = each("transfers", request.into_inner().transfers)?;

    let statuses = rpc.store.create_transfers(batch, rpc.clock.now()).await?;

    let results = statuses.into_iter().map(|status| pb::CreateTransferResult { status: status.into() }).collect();
    Ok(pb::CreateTransfersResponse { results })
}
