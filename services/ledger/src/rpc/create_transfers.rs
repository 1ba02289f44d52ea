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
    let transfers = request.into_inner().transfers;
    let named: Vec<(String, i64)> = transfers.iter().map(|new| (new.transfer_id.clone(), new.amount)).collect();
    let batch: Vec<NewTransfer> = each("transfers", transfers)?;

    let statuses = rpc.store.create_transfers(batch, rpc.clock.now()).await?;

    let results = statuses.into_iter().zip(named).map(|(status, (transfer_id, amount))| pb::CreateTransferResult {
        status: status.into(),
        transfer_id,
        amount,
    });
    Ok(pb::CreateTransfersResponse { results: results.collect() })
}
