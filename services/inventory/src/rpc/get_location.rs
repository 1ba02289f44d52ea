//! GetLocation: one location.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::GetLocation;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<GetLocation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::GetLocationRequest>,
    ) -> Result<pb::GetLocationResponse, Error> {
        let location = store::location::get(&self.db.read(), &call.request.location_id).await?;
        Ok(pb::GetLocationResponse { location: Some(location.into()) })
    }
}
