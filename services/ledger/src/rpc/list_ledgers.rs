//! ListLedgers: all ledgers, by number.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListLedgers;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::LedgerRpc;
use crate::error::Error;
use crate::store;

impl Handle<ListLedgers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::ListLedgersRequest>,
    ) -> Result<pb::ListLedgersResponse, Error> {
        let caller = call.caller.key();
        let pb::ListLedgersRequest { page_size, page_token } = call.request;
        let page = Page::open(&self.db, &caller, "ListLedgers", &[], page_size, &page_token)?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let found = store::ledger::list(&self.db.read(), after, page.limit()).await?;

        let (ledgers, next_page_token) = page.close(
            &found,
            |ledger| vec![i64::from(ledger.number).into()],
            |ledger| pb::Ledger::from(*ledger),
        );
        Ok(pb::ListLedgersResponse { ledgers, next_page_token })
    }
}
