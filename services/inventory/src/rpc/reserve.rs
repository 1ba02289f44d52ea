//! Reserve: promises units of every line or of none. The hot path: every order passes here.

use std::sync::Arc;
use std::time::Duration;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::Reserve;
use souk_contract::{Call, Handle};
use souk_data::Tx;
use souk_types::{OrderId, ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::Reservation;
use crate::stock::{self};
use crate::stock_key::Quantities;
use crate::{events, store};

/// What is to be reserved.
struct Wish {
    id: ReservationId,
    order: Option<OrderId>,
    units: Quantities,
    ttl: Duration,
    effective_time: Timestamp,
}

impl Handle<Reserve> for InventoryRpc {
    async fn handle(&self, call: Call<pb::ReserveRequest>) -> Result<pb::ReserveResponse, Error> {
        let request = call.request;
        let now = self.clock.now();
        let wish = Arc::new(Wish {
            id: request.reservation_id()?,
            order: request.order_id()?,
            units: convert::wanted(request.lines)?,
            ttl: convert::ttl(request.ttl)?,
            effective_time: convert::neighbours_time(request.effective_time, now)?,
        });

        let reserved = self.db.write_locked(move |tx| {
            let wish = wish.clone();
            async move { reserve(&tx, &wish, now).await }
        });
        Ok(pb::ReserveResponse { reservation: Some(reserved.await?.into()) })
    }
}

async fn reserve(tx: &Tx, wish: &Wish, now: Timestamp) -> Result<Reservation, Error> {
    // The id comes first: of two calls with one id the second waits here, and then finds what the first one made.
    let reservation = Reservation {
        order: wish.order,
        effective_time: Some(wish.effective_time),
        ..Reservation::hold(wish.id, &wish.units, wish.ttl, now)
    };
    if !store::reservation::insert(tx, &reservation).await? {
        let earlier = store::reservation::lock_existing(tx, wish.id).await?;
        return earlier.reserve_again(&wish.units);
    }

    let found = store::stock::lock(tx, wish.units.keys()).await?;
    stock::reserve(&found, &wish.units)?;

    let occasion = Occasion::now(now).of(wish.id).at(wish.effective_time);
    let movements = Movement::of(MovementKind::Reserved, &wish.units, occasion);
    store::stock::record(tx, &movements, now).await?;
    events::reservation_changed(tx, &reservation, now).await?;
    Ok(reservation)
}
