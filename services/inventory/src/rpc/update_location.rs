//! UpdateLocation: changes the fields of a location that the mask names.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::UpdateLocation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::location::LocationChange;
use crate::store::location;

/// What is to be changed of which location, and the etag that it must have.
struct Update {
    id: String,
    etag: String,
    change: LocationChange,
    now: Timestamp,
}

impl Handle<UpdateLocation> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::UpdateLocationRequest>,
    ) -> Result<pb::UpdateLocationResponse, Error> {
        let once = RequestKey::of::<UpdateLocation>(&mut call);
        let request = call.request;
        let wanted = request.location.ok_or_else(|| Error::field("location", "is required"))?;
        let update_of = Update {
            id: wanted.location_id.clone(),
            etag: wanted.etag.clone(),
            change: convert::location_change(wanted, request.update_mask)?,
            now: self.clock.now(),
        };
        self.db.write_once(once, ReadCommitted, update_of, update).await
    }
}

async fn update(tx: &Tx, wanted: &Update) -> Result<pb::UpdateLocationResponse, Error> {
    let before = location::lock(tx, &wanted.id).await?;

    let after = before.change(wanted.change.clone(), &wanted.etag, wanted.now)?;

    location::update(tx, &after).await?;
    Ok(pb::UpdateLocationResponse { location: Some(after.into()) })
}
