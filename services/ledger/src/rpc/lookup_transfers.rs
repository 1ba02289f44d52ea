//! LookupTransfers: transfers by id.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::LookupTransfers;
use souk_contract::{Call, Handle};
use souk_data::page;

use super::LedgerRpc;
use crate::convert::ids;
use crate::error::Error;
use crate::store;

impl Handle<LookupTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::LookupTransfersRequest>,
    ) -> Result<pb::LookupTransfersResponse, Error> {
        let ids = ids("transfer_ids", &call.request.transfer_ids)?;
        let found = store::transfer::get(&self.db.read(), &ids).await?;
        let mut transfers: Vec<pb::Transfer> = found.into_iter().map(Into::into).collect();
        if page::fit(&mut transfers) {
            return Err(Error::too_large("transfer_ids", transfers.len()));
        }
        Ok(pb::LookupTransfersResponse { transfers })
    }
}
