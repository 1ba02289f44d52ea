//! CommitReservation: makes a hold lasting. It touches no stock: what was promised stays promised.

use std::slice;

use souk_client::inventory::v1 as pb;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};
use tonic::Request;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::reservation::{Reservation, Step};
use crate::{events, store};

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::CommitReservationRequest>,
) -> Result<pb::CommitReservationResponse, Error> {
    let id = convert::reservation_id(&request.into_inner().reservation_id)?;
    let now = rpc.clock.now();

    let committed = rpc.db.write_locked(move |tx| async move { commit(&tx, id, now).await });
    Ok(pb::CommitReservationResponse { reservation: Some(committed.await?.into()) })
}

async fn commit(tx: &Tx, id: ReservationId, now: Timestamp) -> Result<Reservation, Error> {
    let committed = match store::reservation::lock_existing(tx, id).await?.commit(now)? {
        Step::Changed(committed) => committed,
        Step::Repeated(reservation) => return Ok(reservation),
    };
    store::reservation::set_state(tx, slice::from_ref(&committed)).await?;
    events::reservation_changed(tx, &committed, now).await?;
    Ok(committed)
}
