//! ReleaseReservation: takes a promise back. It compensates Reserve, so it also works when that never arrived, and then
//! keeps it from arriving later.

use std::slice;

use souk_client::inventory::v1 as pb;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};
use tonic::Request;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::{Reservation, Step};
use crate::{events, stock, store};

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::ReleaseReservationRequest>,
) -> Result<pb::ReleaseReservationResponse, Error> {
    let id = convert::reservation_id(&request.into_inner().reservation_id)?;
    let now = rpc.clock.now();

    let released = rpc.db.write_locked(move |tx| async move { release(&tx, id, now).await });
    Ok(pb::ReleaseReservationResponse { reservation: Some(released.await?.into()) })
}

async fn release(tx: &Tx, id: ReservationId, now: Timestamp) -> Result<Reservation, Error> {
    let reservation = match store::reservation::lock(tx, id).await? {
        Some(reservation) => reservation,
        None => {
            // Nobody was ever told of this id, so no event tells of its end.
            let tombstone = Reservation::tombstone(id, now);
            if store::reservation::insert(tx, &tombstone).await? {
                return Ok(tombstone);
            }
            // A Reserve came in between; it has been committed, since the insert waited for it.
            store::reservation::lock_existing(tx, id).await?
        }
    };
    let released = match reservation.release(now)? {
        Step::Changed(released) => released,
        Step::Repeated(reservation) => return Ok(reservation),
    };

    let units = released.units();
    let found = store::stock::lock(tx, units.keys()).await?;
    stock::settle(MovementKind::Released, &found, &units, now)?;

    let movements = Movement::of(MovementKind::Released, &units, Occasion::now(now).of(id));
    store::stock::record(tx, &movements, now).await?;
    store::reservation::set_state(tx, slice::from_ref(&released)).await?;
    events::reservation_changed(tx, &released, now).await?;
    Ok(released)
}
