//! GetLedger: which currency a ledger has.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::GetLedger;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::error::Error;
use crate::store;

impl Handle<GetLedger> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::GetLedgerRequest>,
    ) -> Result<pb::GetLedgerResponse, Error> {
        let number = call.request.ledger;
        let ledger = store::ledger::find(&self.db.read(), number).await?;
        let ledger = ledger.ok_or(Error::LedgerNotFound(number))?;
        Ok(pb::GetLedgerResponse { ledger: Some(ledger.into()) })
    }
}
