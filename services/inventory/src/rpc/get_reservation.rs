//! GetReservation: one reservation as it stands.

use souk_client::inventory::v1 as pb;
use tonic::Request;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::GetReservationRequest>,
) -> Result<pb::GetReservationResponse, Error> {
    let id = convert::reservation_id(&request.into_inner().reservation_id)?;
    let reservation = store::reservation::get(&rpc.db.read(), id).await?;
    Ok(pb::GetReservationResponse { reservation: Some(reservation.into()) })
}
