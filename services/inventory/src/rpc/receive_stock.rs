//! ReceiveStock: records that units arrived, all items or none.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReceiveStock;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock;
use crate::stock_key::Quantities;
use crate::{events, store};

/// What arrived, and when.
struct Arrival {
    units: Quantities,
    effective_time: Timestamp,
    actor: String,
    now: Timestamp,
}

impl Handle<ReceiveStock> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ReceiveStockRequest>,
    ) -> Result<pb::ReceiveStockResponse, Error> {
        let once = RequestKey::of::<ReceiveStock>(&mut call);
        let now = self.clock.now();
        let effective_time = convert::past_time(call.request.effective_time, now)?;
        let units = convert::received(call.request.items)?;
        let arrival = Arrival { units, effective_time, actor: call.caller.key(), now };
        self.db.write_once(once, ReadCommitted, arrival, receive).await
    }
}

async fn receive(tx: &Tx, arrival: &Arrival) -> Result<pb::ReceiveStockResponse, Error> {
    let Arrival { units, effective_time, actor, now } = arrival;
    let locations = units.keys().map(|key| key.location.as_str()).collect();
    store::location::check(tx, locations).await?;
    store::stock::insert_missing(tx, units.keys(), *now).await?;
    let found = store::stock::lock(tx, units.keys()).await?;

    let after = stock::add(MovementKind::Received, &found, units, *now)?;

    let occasion = Occasion::by(actor, *now).at(*effective_time);
    let movements = Movement::of(MovementKind::Received, units, occasion);
    store::stock::record(tx, &movements, *now).await?;
    events::stock_changed(tx, &after, &movements, *now).await?;
    Ok(pb::ReceiveStockResponse { stock: after.into_iter().map(pb::Stock::from).collect() })
}
