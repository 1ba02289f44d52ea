//! GetTrialBalance: the sums over all accounts of each ledger.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::GetTrialBalance;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::error::Error;
use crate::store;

impl Handle<GetTrialBalance> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::GetTrialBalanceRequest>,
    ) -> Result<pb::GetTrialBalanceResponse, Error> {
        let lines = store::account::trial_balance(&self.db.read(), call.request.ledger).await?;
        Ok(pb::GetTrialBalanceResponse { lines: lines.into_iter().map(Into::into).collect() })
    }
}
