//! GetTrialBalance: the sums over all accounts of each ledger.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::GetTrialBalance;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::error::Error;
use crate::store;
use crate::store::ledger::Currencies;

impl Handle<GetTrialBalance> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::GetTrialBalanceRequest>,
    ) -> Result<pb::GetTrialBalanceResponse, Error> {
        let reader = self.db.read();
        let sums = store::account::trial_balance(&reader, call.request.ledger).await?;
        let currencies = Currencies::of(&reader, sums.iter().map(|sums| sums.ledger)).await?;
        let lines = sums.into_iter().map(|sums| currencies.line(sums)).collect();
        Ok(pb::GetTrialBalanceResponse { lines })
    }
}
