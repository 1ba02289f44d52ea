//! GetAccountBalance: what an account held at a moment.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::GetAccountBalance;
use souk_contract::{Call, Handle};

use super::LedgerRpc;
use crate::convert::optional_time;
use crate::error::Error;
use crate::store;
use crate::store::ledger::Currencies;

impl Handle<GetAccountBalance> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::GetAccountBalanceRequest>,
    ) -> Result<pb::GetAccountBalanceResponse, Error> {
        let request = call.request;
        let id = request.account_id()?;
        let at = optional_time("at_time", request.at_time)?;
        let reader = self.db.read();

        let account = store::account::get(&reader, id).await?;
        let balance = match (at, request.time_axis()) {
            (None, _) => account.balance,
            (Some(at), pb::TimeAxis::Effective) => {
                store::history::effective_balance(&reader, &account, at).await?
            }
            (Some(at), pb::TimeAxis::Unspecified | pb::TimeAxis::Recorded) => {
                store::history::recorded_balance(&reader, &account, at).await?
            }
        };
        let currencies = Currencies::of(&reader, [account.ledger]).await?;
        let balance = currencies.balance(account.ledger, balance);
        Ok(pb::GetAccountBalanceResponse { balance: Some(balance) })
    }
}
