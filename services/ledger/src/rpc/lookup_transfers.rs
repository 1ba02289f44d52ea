//! LookupTransfers: transfers by id.

use std::collections::HashSet;

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::LookupTransfers;
use souk_contract::{Call, Handle};
use souk_data::page;
use souk_types::TransferId;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;
use crate::store;
use crate::store::ledger::Currencies;

impl Handle<LookupTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::LookupTransfersRequest>,
    ) -> Result<pb::LookupTransfersResponse, Error> {
        let ids = ids("transfer_ids", &call.request.transfer_ids)?;
        let reader = self.db.read();
        let found = store::transfer::get(&reader, &ids).await?;
        let ledgers = found.iter().map(|found| found.transfer.ledger);
        let currencies = Currencies::of(&reader, ledgers).await?;

        let known: HashSet<TransferId> = found.iter().map(|found| found.transfer.id).collect();
        let missing = ids.iter().filter(|id| !known.contains(id));
        let missing_transfer_ids = missing.map(TransferId::to_string).collect();
        let mut transfers: Vec<pb::Transfer> =
            found.into_iter().map(|found| currencies.transfer(found)).collect();
        if page::fit(&mut transfers) {
            return Err(Error::too_large("transfer_ids", transfers.len()));
        }
        Ok(pb::LookupTransfersResponse { transfers, missing_transfer_ids })
    }
}
