//! ReleaseReservation: releases a reservation. It compensates Reserve, so it also works when that
//! never arrived, and then refuses it if it arrives later.

use std::slice;

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReleaseReservation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::{Reservation, Step};
use crate::{events, stock, store};

impl Handle<ReleaseReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ReleaseReservationRequest>,
    ) -> Result<pb::ReleaseReservationResponse, Error> {
        let id = call.request.reservation_id()?;
        let repair_note = call.request.repair_note;
        let owner = match &call.caller {
            Caller::Staff(_) => {
                let reservation = store::reservation::get(&self.db.read(), id).await?;
                // An ended reservation holds nothing, and is returned unchanged.
                if repair_note.is_empty() && reservation.holds_stock() {
                    return Err(Error::OfOrder { id, order: reservation.order });
                }
                None
            }
            _ if !repair_note.is_empty() => {
                return Err(Error::field("repair_note", "is for staff only"));
            }
            service => Some(service.key()),
        };

        let released = self
            .db
            .write(ReadCommitted, (id, owner, repair_note, self.clock.now()), release)
            .await?;
        Ok(pb::ReleaseReservationResponse { reservation: Some(released.into()) })
    }
}

async fn release(
    tx: &Tx,
    &(id, ref owner, ref note, now): &(ReservationId, Option<String>, String, Timestamp),
) -> Result<Reservation, Error> {
    let reservation = match store::reservation::lock(tx, id).await? {
        Some(reservation) => reservation,
        None => {
            // No event was published for this id, so none is published for its end.
            let tombstone = Reservation::tombstone(id, now);
            if store::reservation::insert(tx, &tombstone).await? {
                return Ok(tombstone);
            }
            // A Reserve came in between; it has been committed, since the insert waited for it.
            store::reservation::lock_existing(tx, id).await?
        }
    };
    let reservation = match owner {
        Some(owner) => reservation.of(owner)?,
        None => reservation,
    };
    let released = match reservation.release(now)? {
        Step::Changed(released) => released,
        Step::Repeated(reservation) => return Ok(reservation),
    };

    let units = released.units();
    let found = store::stock::lock(tx, units.keys()).await?;
    let after = stock::settle(MovementKind::Released, &found, &units, now)?;

    let movements =
        Movement::of(MovementKind::Released, &units, Occasion::now(now).of(id).noted(note));
    store::stock::record(tx, &movements, now).await?;
    store::reservation::set_state(tx, slice::from_ref(&released)).await?;
    events::stock_changed(tx, &after, &movements, now).await?;
    events::reservation_changed(tx, &released, now).await?;
    Ok(released)
}
