//! CreateTransfers: moves money, one result for each transfer.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::CreateTransfers;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::convert::each;
use crate::error::Error;
use crate::transfer::NewTransfer;

impl Handle<CreateTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateTransfersRequest>,
    ) -> Result<pb::CreateTransfersResponse, Error> {
        let transfers = call.request.transfers;
        let named: Vec<(String, i64)> =
            transfers.iter().map(|new| (new.transfer_id.clone(), new.amount)).collect();
        let batch: Vec<NewTransfer> = each("transfers", transfers)?;

        let statuses = self.writer.create(batch, self.clock.now()).await?;

        let results = statuses.into_iter().zip(named).map(|(status, (transfer_id, amount))| {
            pb::CreateTransferResult { status: status.into(), transfer_id, amount }
        });
        Ok(pb::CreateTransfersResponse { results: results.collect() })
    }
}
