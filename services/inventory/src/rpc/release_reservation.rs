//! ReleaseReservation: releases a reservation, or some of its units. It compensates
//! CreateReservation, so it also works when that never arrived, and then refuses it if it arrives
//! later.

use std::slice;

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReleaseReservation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::{Part, Reservation, Step};
use crate::state::State;
use crate::stock_key::Quantities;
use crate::store::reservation::Numbered;
use crate::{events, stock, store};

/// What is to be released.
struct Release {
    id: ReservationId,
    /// The service whose reservation it must be; none for a repair.
    owner: Option<String>,
    actor: String,
    note: String,
    /// A part of the reservation and its key; none is all of it.
    part: Option<(String, Quantities)>,
    now: Timestamp,
}

impl Handle<ReleaseReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ReleaseReservationRequest>,
    ) -> Result<pb::ReleaseReservationResponse, Error> {
        let id = call.request.reservation_id()?;
        let request = call.request;
        let note = request.repair_note;
        let part = convert::part(request.request_id, request.lines)?;
        let owner = match &call.caller {
            Caller::Staff(_) if part.is_some() => {
                return Err(Error::field(
                    "lines",
                    "must be empty: staff repair a whole reservation",
                ));
            }
            Caller::Staff(_) => {
                let reservation = store::reservation::get(&self.db.read(), id).await?;
                // An ended reservation holds nothing, and is returned unchanged.
                if note.is_empty() && reservation.holds_stock() {
                    return Err(Error::OfOrder { id, order: reservation.order });
                }
                None
            }
            _ if !note.is_empty() => {
                return Err(Error::field("repair_note", "is for staff only"));
            }
            service => Some(service.key()),
        };
        let actor = call.caller.key();
        let release_of = Release { id, owner, actor, note, part, now: self.clock.now() };

        let released = self.db.write(ReadCommitted, release_of, release).await?;
        Ok(pb::ReleaseReservationResponse { reservation: Some(released.into()) })
    }
}

async fn release(tx: &Tx, wanted: &Release) -> Result<Reservation, Error> {
    let Release { id, owner, actor, note, part, now } = wanted;
    let Numbered { number, reservation } = match store::reservation::lock(tx, *id).await? {
        Some(found) => found,
        // Nothing is known of which some units could be released.
        None if part.is_some() => return Err(Error::ReservationNotFound(*id)),
        None => {
            // No event was published for this id, so none is published for its end.
            let tombstone = Reservation::tombstone(*id, *now);
            if store::reservation::insert(tx, &tombstone).await?.is_some() {
                return Ok(tombstone);
            }
            // A CreateReservation came in between; it has been committed, since the insert waited
            // for it.
            store::reservation::lock_existing(tx, *id).await?
        }
    };
    let reservation = match owner {
        Some(owner) => reservation.of(owner)?,
        None => reservation,
    };
    let before = reservation.state;

    let (released, units) = match part {
        None => {
            let units = reservation.held();
            match reservation.release(*now)? {
                Step::Changed(released) => (released, units),
                Step::Repeated(reservation) => return Ok(reservation),
            }
        }
        Some((key, lines)) => {
            let kind = MovementKind::Released;
            if !store::reservation_step::insert(tx, number, key, kind, lines).await? {
                return Ok(reservation);
            }
            let part = reservation.release_part(lines, *now)?;
            store::reservation::set_part(tx, number, &part).await?;
            (part.reservation, part.units)
        }
    };
    if part.is_none() && released.state == State::Consumed {
        // Some units left before: the state does not say that the others were released.
        let lines = (0..released.lines.len()).collect();
        let reservation = released.clone();
        let all = Part { reservation, units: Quantities::new(), lines };
        store::reservation::set_part(tx, number, &all).await?;
    }

    let found = store::stock::lock(tx, units.keys()).await?;
    let after = stock::settle(MovementKind::Released, &found, &units, *now)?;

    let occasion = Occasion::by(actor, *now).of(*id).noted(note);
    let movements = Movement::of(MovementKind::Released, &units, occasion);
    store::stock::record(tx, &movements, *now).await?;
    if released.state != before {
        store::reservation::set_state(tx, slice::from_ref(&released)).await?;
    }
    events::stock_changed(tx, &after, &movements, *now).await?;
    events::reservation_changed(tx, Some(before), &released, actor, *now).await?;
    Ok(released)
}
