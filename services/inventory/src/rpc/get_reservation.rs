//! GetReservation: the current state of one reservation.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::GetReservation;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<GetReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::GetReservationRequest>,
    ) -> Result<pb::GetReservationResponse, Error> {
        let id = call.request.reservation_id()?;
        let reservation = store::reservation::get(&self.db.read(), id).await?;
        Ok(pb::GetReservationResponse { reservation: Some(reservation.into()) })
    }
}
