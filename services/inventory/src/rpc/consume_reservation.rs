//! ConsumeReservation: records that the units of a committed reservation left.

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
use crate::{events, stock, store};

impl Handle<ConsumeReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ConsumeReservationRequest>,
    ) -> Result<pb::ConsumeReservationResponse, Error> {
        let request = call.request;
        let id = request.reservation_id()?;
        let named = convert::effective_time(request.effective_time)?;

        let consumed = self
            .db
            .write(ReadCommitted, (id, call.caller.key(), named, self.clock.now()), consume)
            .await?;
        Ok(pb::ConsumeReservationResponse { reservation: Some(consumed.into()) })
    }
}

async fn consume(
    tx: &Tx,
    &(id, ref owner, named, now): &(ReservationId, String, Option<Timestamp>, Timestamp),
) -> Result<Reservation, Error> {
    let reservation = store::reservation::lock_existing(tx, id).await?.of(owner)?;
    let timely = reservation.is_followed_at(named);
    let mut consumed = match reservation.consume(now)? {
        Step::Changed(consumed) => consumed,
        Step::Repeated(reservation) => return Ok(reservation),
    };
    timely?;
    let effective_time = named.map_or(now, |time| time.min(now));
    consumed.effective_time = Some(effective_time);

    let units = consumed.units();
    let found = store::stock::lock(tx, units.keys()).await?;
    stock::settle(MovementKind::Consumed, &found, &units, now)?;

    let occasion = Occasion::now(now).of(id).at(effective_time);
    store::stock::record(tx, &Movement::of(MovementKind::Consumed, &units, occasion), now).await?;
    store::reservation::set_state(tx, slice::from_ref(&consumed)).await?;
    events::reservation_changed(tx, &consumed, now).await?;
    Ok(consumed)
}
