//! Reserve: reserves the units of all lines or of none. The hot path of every order.

use std::time::Duration;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::Reserve;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::Reservation;
use crate::stock;
use crate::stock_key::Quantities;
use crate::{events, store};

/// What is to be reserved.
struct Wanted {
    id: ReservationId,
    owner: String,
    order: Option<OrderId>,
    units: Quantities,
    ttl: Duration,
    effective_time: Timestamp,
    now: Timestamp,
}

impl Handle<Reserve> for InventoryRpc {
    async fn handle(&self, call: Call<pb::ReserveRequest>) -> Result<pb::ReserveResponse, Error> {
        let request = call.request;
        let now = self.clock.now();
        let wanted = Wanted {
            id: request.reservation_id()?,
            owner: call.caller.key(),
            order: request.order_id()?,
            units: convert::wanted(request.lines)?,
            ttl: convert::ttl(request.ttl)?,
            effective_time: convert::upstreams_time(request.effective_time, now)?,
            now,
        };

        let reserved = self.db.write(ReadCommitted, wanted, reserve).await?;
        Ok(pb::ReserveResponse { reservation: Some(reserved.into()) })
    }
}

async fn reserve(tx: &Tx, wanted: &Wanted) -> Result<Reservation, Error> {
    let now = wanted.now;
    // The id comes first: of two calls with one id the second waits here, and then finds what the
    // first one made.
    let reservation = Reservation {
        owner: wanted.owner.clone(),
        order: wanted.order,
        effective_time: Some(wanted.effective_time),
        ..Reservation::hold(wanted.id, &wanted.units, wanted.ttl, now)
    };
    if !store::reservation::insert(tx, &reservation).await? {
        let earlier = store::reservation::lock_existing(tx, wanted.id).await?;
        return earlier.of(&wanted.owner)?.reserve_again(&wanted.units);
    }

    let found = store::stock::lock(tx, wanted.units.keys()).await?;
    stock::reserve(&found, &wanted.units)?;

    let occasion = Occasion::now(now).of(wanted.id).at(wanted.effective_time);
    let movements = Movement::of(MovementKind::Reserved, &wanted.units, occasion);
    store::stock::record(tx, &movements, now).await?;
    events::reservation_changed(tx, &reservation, now).await?;
    Ok(reservation)
}
