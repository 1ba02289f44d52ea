//! ListLocations: all locations by id, a page at a time.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListLocations;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<ListLocations> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListLocationsRequest>,
    ) -> Result<pb::ListLocationsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListLocations",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map_or(Ok(String::new()), |cursor| cursor.get(0))?;

        let locations = store::location::list(&self.db.read(), &after, page.limit()).await?;

        let (locations, next_page_token) = page.close(
            &locations,
            |location| vec![location.id.as_str().into()],
            |location| pb::Location::from(location.clone()),
        );
        Ok(pb::ListLocationsResponse { locations, next_page_token })
    }
}
