//! ListReservations: the newest first, by creation or, of some states only, by their last change.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListReservations;
use souk_contract::{Call, Handle};
use souk_data::page::Page;
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::state::State;
use crate::store;
use crate::store::reservation::Filter;

/// After everything that was ever made.
const START: (Timestamp, i64) = (Timestamp::from_micros(i64::MAX), i64::MAX);

impl Handle<ListReservations> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListReservationsRequest>,
    ) -> Result<pb::ListReservationsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let order = request.order_id()?;
        let states = convert::states(&request.states);
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListReservations",
            &[&request.sku, &request.order_id, &format!("{states:?}")],
            request.page_size,
            &request.page_token,
        )?;
        let (entered, number) = match &page.after {
            Some(cursor) => (cursor.get(0)?, cursor.get(1)?),
            None => START,
        };

        let reader = self.db.read();
        let states: Vec<State> = states.into_iter().collect();
        let filter = Filter { sku: convert::filter(request.sku), order, states };
        let is_by_state = filter.sku.is_none() && order.is_none() && !filter.states.is_empty();
        let found = if is_by_state {
            let before = (entered, number);
            store::reservation::list_by_states(&reader, &filter.states, before, page.limit())
                .await?
        } else {
            let limit = page.limit().unsigned_abs();
            store::reservation::list(&reader, &filter, number, limit).await?
        };

        let (reservations, next_page_token) = page.close(
            &found,
            |found| vec![found.reservation.update_time.into(), found.number.into()],
            |found| pb::Reservation::from(found.reservation.clone()),
        );
        Ok(pb::ListReservationsResponse { reservations, next_page_token })
    }
}
