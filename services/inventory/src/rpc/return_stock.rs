//! ReturnStock: takes consumed units back on hand, all lines or none.

use std::mem;
use std::sync::Arc;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReturnStock;
use souk_contract::{Call, Handle};
use souk_data::{RequestKey, Tx};
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::reservation::Reservation;
use crate::stock::{self};
use crate::stock_key::Quantities;
use crate::{events, store};

/// What came back.
struct Return {
    id: ReservationId,
    units: Quantities,
    named_time: Option<Timestamp>,
    effective_time: Timestamp,
}

impl Handle<ReturnStock> for InventoryRpc {
    async fn handle(&self, call: Call<pb::ReturnStockRequest>) -> Result<pb::ReturnStockResponse, Error> {
        let caller = call.caller;
        let mut request = call.request;
        let request_id = mem::take(&mut request.request_id);
        let key =
            RequestKey::new(caller.key(), "/souk.inventory.v1.InventoryService/ReturnStock", request_id, &request);
        let now = self.clock.now();
        let returned = Arc::new(Return {
            id: request.reservation_id()?,
            units: convert::returned(request.lines)?,
            named_time: convert::effective_time(request.effective_time)?,
            effective_time: convert::neighbours_time(request.effective_time, now)?,
        });

        let taken_back = self.db.write_once_locked(key, move |tx| {
            let returned = returned.clone();
            async move {
                let reservation = take_back(&tx, &returned, now).await?;
                Ok::<_, Error>(pb::ReturnStockResponse { reservation: Some(reservation.into()) })
            }
        });
        taken_back.await
    }
}

async fn take_back(tx: &Tx, returned: &Return, now: Timestamp) -> Result<Reservation, Error> {
    let Return { id, units, named_time, effective_time } = returned;
    let reservation = store::reservation::lock_existing(tx, *id).await?.take_back(units)?;
    reservation.is_followed_at(*named_time)?;

    let found = store::stock::lock(tx, units.keys()).await?;
    let after = stock::add(MovementKind::Returned, &found, units, now)?;

    let occasion = Occasion::now(now).of(*id).at(*effective_time);
    let movements = Movement::of(MovementKind::Returned, units, occasion);
    store::stock::record(tx, &movements, now).await?;
    store::reservation::set_returned(tx, &reservation, units).await?;
    events::stock_changed(tx, &after, &movements, now).await?;
    Ok(reservation)
}
