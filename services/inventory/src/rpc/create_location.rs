//! CreateLocation: creates a location for stock.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::CreateLocation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::location::Location;
use crate::store::location;

impl Handle<CreateLocation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateLocationRequest>,
    ) -> Result<pb::CreateLocationResponse, Error> {
        let wanted = convert::new_location(call.request.location, self.clock.now())?;

        let location = self.db.write(ReadCommitted, wanted, create).await?;
        Ok(pb::CreateLocationResponse { location: Some(location.into()) })
    }
}

async fn create(tx: &Tx, wanted: &Location) -> Result<Location, Error> {
    let location = location::insert_or_get(tx, wanted).await?;
    if !location.is_same_as(wanted) {
        return Err(Error::LocationExists(wanted.id.clone()));
    }
    Ok(location)
}
