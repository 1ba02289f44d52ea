//! ListMovements: what happened to the stock, those recorded last first unless asked otherwise.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListMovements;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::Movement;
use crate::store;
use crate::store::movement::Filter;

impl Handle<ListMovements> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListMovementsRequest>,
    ) -> Result<pb::ListMovementsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let reservation = request.reservation_id()?;
        let kinds = convert::kinds(&request.kinds);
        let since = convert::bound("create_time_after", request.create_time_after)?;
        let before = convert::bound("create_time_before", request.create_time_before)?;
        let is_ascending = request.order_by == "create_time";
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListMovements",
            &[
                &request.sku,
                &request.location_id,
                &request.reservation_id,
                &format!("{kinds:?} {since:?} {before:?} {is_ascending}"),
            ],
            request.page_size,
            &request.page_token,
        )?;
        let after = match &page.after {
            Some(cursor) => Some((cursor.get(0)?, cursor.get(1)?)),
            None => None,
        };

        let filter = Filter {
            sku: convert::filter(request.sku),
            location: convert::filter(request.location_id),
            kinds: kinds.into_iter().collect(),
            reservation,
            since,
            before,
        };
        let limit = page.limit().unsigned_abs();
        let recorded =
            store::movement::list(&self.db.read(), filter, is_ascending, after, limit).await?;

        let (movements, next_page_token) = page.close(
            &recorded,
            |recorded| vec![recorded.create_time.into(), recorded.number.into()],
            |recorded| pb::Movement::from(Movement::from(recorded.clone())),
        );
        Ok(pb::ListMovementsResponse { movements, next_page_token })
    }
}
