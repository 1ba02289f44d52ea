//! CreateReservation: reserves the units of all lines or of none. The hot path of every order.

use std::collections::BTreeSet;
use std::time::Duration;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::CreateReservation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, ReservationId, Timestamp};

use super::InventoryRpc;
use crate::allocation::{self, Allocation, Offer};
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::policy::Policy;
use crate::reservation::Reservation;
use crate::stock::Stock;
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

impl Handle<CreateReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateReservationRequest>,
    ) -> Result<pb::CreateReservationResponse, Error> {
        let request = call.request;
        let now = self.clock.now();
        let wanted = Wanted {
            id: request.reservation_id()?,
            owner: call.caller.key(),
            order: request.order_id()?,
            units: convert::lines(request.lines)?,
            ttl: convert::ttl(request.ttl)?,
            effective_time: convert::upstreams_time(request.effective_time, now)?,
            now,
        };

        let reserved = self.db.write(ReadCommitted, wanted, reserve).await?;
        Ok(pb::CreateReservationResponse { reservation: Some(reserved.into()) })
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
        ..Reservation::hold(wanted.id, wanted.ttl, now)
    };
    let Some(number) = store::reservation::insert(tx, &reservation).await? else {
        let earlier = store::reservation::lock_existing(tx, wanted.id).await?.reservation;
        return earlier.of(&wanted.owner)?.reserve_again(&wanted.units);
    };

    let (allocation, offers) = allocate(tx, &wanted.units).await?;

    let reservation = reservation.with(&allocation);
    store::reservation_line::insert(tx, number, &reservation.lines).await?;
    let occasion = Occasion::by(&wanted.owner, now).of(wanted.id).at(wanted.effective_time);
    let movements = Movement::of(MovementKind::Reserved, &allocation.units, occasion);
    store::stock::record(tx, &movements, now).await?;
    events::reservation_changed(tx, None, &reservation, &wanted.owner, now).await?;
    let (low, movements) = now_low(&offers, movements, now);
    if !low.is_empty() {
        events::stock_changed(tx, &low, &movements, now).await?;
    }
    Ok(reservation)
}

/// Locks the stock of all skus, and finds the units in it.
async fn allocate(tx: &Tx, wanted: &Quantities) -> Result<(Allocation, Vec<Offer>), Error> {
    let skus: BTreeSet<&str> = wanted.keys().map(|key| key.sku.as_str()).collect();
    let skus: Vec<&str> = skus.into_iter().collect();
    let found = store::stock::lock_offers(tx, &skus).await?;

    let mut untracked: BTreeSet<&str> = found.untracked.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> =
        found.offers.iter().map(|offer| offer.stock.key.sku.as_str()).collect();
    let unknown: Vec<&str> =
        skus.into_iter().filter(|sku| !known.contains(sku) && !untracked.contains(sku)).collect();
    // A sku that was never received may need no stock.
    let policies = store::stock_policy::of(tx, &unknown).await?;
    untracked.extend(
        policies
            .values()
            .filter(|policy| policy.policy == Policy::Untracked)
            .map(|policy| policy.sku.as_str()),
    );

    let allocation = allocation::allocate(&found.offers, &untracked, wanted);
    Ok((allocation.map_err(Error::OutOfStock)?, found.offers))
}

/// Returns the stocks that these movements made low or sold out, each with its movement.
fn now_low(
    offers: &[Offer],
    movements: Vec<Movement>,
    now: Timestamp,
) -> (Vec<Stock>, Vec<Movement>) {
    let low = movements.into_iter().filter_map(|movement| {
        let place = offers.binary_search_by(|offer| offer.stock.key.cmp(&movement.key)).ok()?;
        let offer = offers.get(place)?;
        let before = offer.stock.available();
        let after = offer.stock.after(movement.kind, movement.reserved_change, now)?;
        let is_low = before > offer.low && after.available() <= offer.low;
        let is_sold_out = before > 0 && after.available() == 0;
        (is_low || is_sold_out).then_some((after, movement))
    });
    low.unzip()
}
