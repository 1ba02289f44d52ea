//! ListReservations: all reservations in the order of creation, or those of one state in the order
//! they entered it.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListReservations;
use souk_contract::{Call, Handle};
use souk_data::page::Page;
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

/// Before everything that was ever made.
const START: (Timestamp, i64) = (Timestamp::from_micros(i64::MIN), 0);

impl Handle<ListReservations> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListReservationsRequest>,
    ) -> Result<pb::ListReservationsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let state = convert::state(request.state);
        let filter = state.map_or_else(String::new, |state| state.to_string());
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListReservations",
            &[&filter],
            request.page_size,
            &request.page_token,
        )?;
        let (entered, number) = match &page.after {
            Some(cursor) => (cursor.get(0)?, cursor.get(1)?),
            None => START,
        };

        let reader = self.db.read();
        let found = match state {
            Some(state) => {
                store::reservation::list_by_state(&reader, state, (entered, number), page.limit())
                    .await?
            }
            None => store::reservation::list(&reader, number, page.limit()).await?,
        };

        let (reservations, next_page_token) = page.close(
            &found,
            |found| vec![found.reservation.update_time.into(), found.number.into()],
            |found| pb::Reservation::from(found.reservation.clone()),
        );
        Ok(pb::ListReservationsResponse { reservations, next_page_token })
    }
}
