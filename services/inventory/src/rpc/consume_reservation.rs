//! ConsumeReservation: records that units of a committed reservation left, all or some.

use std::slice;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ConsumeReservation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::{Reservation, Step};
use crate::state::State;
use crate::stock_key::Quantities;
use crate::store::reservation::Numbered;
use crate::{events, stock, store};

/// What left.
struct Consumption {
    id: ReservationId,
    owner: String,
    /// A part of the reservation and its key; none is all of it.
    part: Option<(String, Quantities)>,
    named_time: Option<Timestamp>,
    now: Timestamp,
}

impl Handle<ConsumeReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ConsumeReservationRequest>,
    ) -> Result<pb::ConsumeReservationResponse, Error> {
        let request = call.request;
        let consumption = Consumption {
            id: request.reservation_id()?,
            owner: call.caller.key(),
            part: convert::part(request.request_id, request.lines)?,
            named_time: convert::effective_time(request.effective_time)?,
            now: self.clock.now(),
        };
        let consumed = self.db.write(ReadCommitted, consumption, consume).await?;
        Ok(pb::ConsumeReservationResponse { reservation: Some(consumed.into()) })
    }
}

async fn consume(tx: &Tx, consumption: &Consumption) -> Result<Reservation, Error> {
    let Consumption { id, owner, part, named_time, now } = consumption;
    let Numbered { number, reservation } = store::reservation::lock_existing(tx, *id).await?;
    let reservation = reservation.of(owner)?;
    let timely = reservation.is_followed_at(*named_time);
    let before = reservation.state;

    let (mut consumed, units) = match part {
        None => {
            let units = reservation.held();
            match reservation.consume(*now)? {
                Step::Changed(consumed) => (consumed, units),
                Step::Repeated(reservation) => return Ok(reservation),
            }
        }
        Some((key, lines)) => {
            let kind = MovementKind::Consumed;
            if !store::reservation_step::insert(tx, number, key, kind, lines).await? {
                return Ok(reservation);
            }
            let part = reservation.consume_part(lines, *now)?;
            store::reservation::set_part(tx, number, &part).await?;
            (part.reservation, part.units)
        }
    };
    timely?;
    let effective_time = named_time.map_or(*now, |time| time.min(*now));

    let found = store::stock::lock(tx, units.keys()).await?;
    stock::settle(MovementKind::Consumed, &found, &units, *now)?;

    let occasion = Occasion::by(owner, *now).of(*id).at(effective_time);
    store::stock::record(tx, &Movement::of(MovementKind::Consumed, &units, occasion), *now).await?;
    if consumed.state == State::Consumed {
        consumed.effective_time = Some(effective_time);
        store::reservation::set_state(tx, slice::from_ref(&consumed)).await?;
    }
    events::reservation_changed(tx, Some(before), &consumed, owner, *now).await?;
    Ok(consumed)
}
