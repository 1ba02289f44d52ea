//! CreateLocation: opens a place that holds stock.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::CreateLocation;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;
use crate::store::location::Location;

impl Handle<CreateLocation> for InventoryRpc {
    async fn handle(&self, call: Call<pb::CreateLocationRequest>) -> Result<pb::CreateLocationResponse, Error> {
        let pb::CreateLocationRequest { location_id: id, title } = call.request;
        let wanted = Location { id, title, create_time: self.clock.now() };

        let location = self.db.write_locked(move |tx| {
            let wanted = wanted.clone();
            async move {
                let location = store::location::insert_or_get(&tx, &wanted).await?;
                if location.title != wanted.title {
                    return Err(Error::LocationExists(wanted.id));
                }
                Ok(location)
            }
        });
        Ok(pb::CreateLocationResponse { location: Some(location.await?.into()) })
    }
}
