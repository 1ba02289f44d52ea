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

        let verdicts = self.writer.create(batch, self.clock.now()).await?;

        let results = verdicts.into_iter().zip(named).map(|(verdict, (transfer_id, amount))| {
            pb::CreateTransferResult {
                status: verdict.status.into(),
                transfer_id,
                amount,
                create_time: verdict.create_time.map(Into::into),
            }
        });
        Ok(pb::CreateTransfersResponse { results: results.collect() })
    }
}
