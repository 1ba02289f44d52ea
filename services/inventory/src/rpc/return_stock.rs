//! ReturnStock: returns consumed units to stock, all lines or none.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReturnStock;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock;
use crate::stock_key::Quantities;
use crate::store::reservation::Numbered;
use crate::{events, store};

/// What came back.
struct Return {
    id: ReservationId,
    owner: String,
    units: Quantities,
    named_time: Option<Timestamp>,
    effective_time: Timestamp,
    now: Timestamp,
}

impl Handle<ReturnStock> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ReturnStockRequest>,
    ) -> Result<pb::ReturnStockResponse, Error> {
        let once = RequestKey::of::<ReturnStock>(&mut call);
        let request = call.request;
        let now = self.clock.now();
        let returned = Return {
            id: request.reservation_id()?,
            owner: call.caller.key(),
            units: convert::lines(request.lines)?,
            named_time: convert::effective_time(request.effective_time)?,
            effective_time: convert::upstreams_time(request.effective_time, now)?,
            now,
        };
        self.db.write_once(once, ReadCommitted, returned, take_back).await
    }
}

async fn take_back(tx: &Tx, returned: &Return) -> Result<pb::ReturnStockResponse, Error> {
    let Return { id, owner, units, named_time, effective_time, now } = returned;
    let Numbered { number, reservation } = store::reservation::lock_existing(tx, *id).await?;
    let part = reservation.of(owner)?.take_back(units)?;
    part.reservation.is_followed_at(*named_time)?;

    let found = store::stock::lock(tx, part.units.keys()).await?;
    let after = stock::add(MovementKind::Returned, &found, &part.units, *now)?;

    let occasion = Occasion::by(owner, *now).of(*id).at(*effective_time);
    let movements = Movement::of(MovementKind::Returned, &part.units, occasion);
    store::stock::record(tx, &movements, *now).await?;
    store::reservation::set_part(tx, number, &part).await?;
    events::stock_changed(tx, &after, &movements, *now).await?;
    Ok(pb::ReturnStockResponse { reservation: Some(part.reservation.into()) })
}
