//! GetAccountBalance: what an account held at a moment.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::GetAccountBalance;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::convert::optional_time;
use crate::error::Error;

impl Handle<GetAccountBalance> for LedgerRpc {
    async fn handle(&self, call: Call<pb::GetAccountBalanceRequest>) -> Result<pb::GetAccountBalanceResponse, Error> {
        let request = call.request;
        let account = request.account_id()?;
        let at = optional_time("at_time", request.at_time)?;

        let balance = match (at, request.time_axis()) {
            (None, _) => self.store.account(account).await?.balance,
            (Some(at), pb::TimeAxis::Effective) => self.store.balance_effective(account, at).await?,
            (Some(at), pb::TimeAxis::Unspecified | pb::TimeAxis::Recorded) => {
                self.store.balance_recorded(account, at).await?
            }
        };
        Ok(pb::GetAccountBalanceResponse { balance: Some(balance.into()) })
    }
}
