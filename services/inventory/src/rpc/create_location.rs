//! CreateLocation: creates a location for stock.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::CreateLocation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;

use super::InventoryRpc;
use crate::error::Error;
use crate::store::location;

impl Handle<CreateLocation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateLocationRequest>,
    ) -> Result<pb::CreateLocationResponse, Error> {
        let pb::CreateLocationRequest { location_id: id, title } = call.request;
        let wanted = location::Model { location_id: id, title, create_time: self.clock.now() };

        let location = self.db.write(ReadCommitted, wanted, create).await?;
        Ok(pb::CreateLocationResponse { location: Some(location.into()) })
    }
}

async fn create(tx: &Tx, wanted: &location::Model) -> Result<location::Model, Error> {
    let location = location::insert_or_get(tx, wanted).await?;
    if location.title != wanted.title {
        return Err(Error::LocationExists(wanted.location_id.clone()));
    }
    Ok(location)
}
