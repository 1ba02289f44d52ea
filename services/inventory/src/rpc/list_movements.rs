//! ListMovements: what happened to the stock, in the order it was recorded, of one sku or of all.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListMovements;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::InventoryRpc;
use crate::error::Error;
use crate::movement::Movement;
use crate::store;

impl Handle<ListMovements> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListMovementsRequest>,
    ) -> Result<pb::ListMovementsResponse, Error> {
        let caller = call.caller;
        let pb::ListMovementsRequest { page_size, page_token, sku } = call.request;
        let page =
            Page::open(&self.db, &caller.key(), "ListMovements", &[&sku], page_size, &page_token)?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let recorded = store::movement::list(&self.db.read(), &sku, after, page.limit()).await?;

        let (movements, next_page_token) = page.close(
            &recorded,
            |recorded| vec![recorded.number.into()],
            |recorded| pb::Movement::from(Movement::from(recorded.clone())),
        );
        Ok(pb::ListMovementsResponse { movements, next_page_token })
    }
}
