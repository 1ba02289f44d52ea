//! RepairStock: makes one stock agree with its reservations, and the record of movements with the
//! stock.

use std::slice;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::RepairStock;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::{MovementId, Timestamp};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind};
use crate::stock;
use crate::stock_key::StockKey;
use crate::{events, store};

/// Which stock is to be repaired, and why.
struct Repair {
    key: StockKey,
    note: String,
    actor: String,
    now: Timestamp,
}

impl Handle<RepairStock> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::RepairStockRequest>,
    ) -> Result<pb::RepairStockResponse, Error> {
        let once = RequestKey::of::<RepairStock>(&mut call);
        let key = convert::stock_key(call.request.sku, call.request.location_id);
        let repair = Repair {
            key,
            note: call.request.note,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, ReadCommitted, repair, repair_one).await
    }
}

async fn repair_one(tx: &Tx, repair: &Repair) -> Result<pb::RepairStockResponse, Error> {
    let Repair { key, note, actor, now } = repair;
    let now = *now;
    // Every change of this stock's reservations locks its row too, so the sums cannot change.
    let mut found = store::stock::lock(tx, slice::from_ref(key).iter()).await?;
    let stock = found.remove(key).ok_or_else(|| Error::StockNotFound(key.clone()))?;
    let promised = store::reservation::promised(tx, key).await?;
    let (moved_on_hand, moved_reserved) = store::movement::sums(tx, key).await?;

    let after = stock::repair(&stock, promised, now)?;

    let (on_hand_change, reserved_change) =
        (after.on_hand - moved_on_hand, after.reserved - moved_reserved);
    if after.reserved == stock.reserved && on_hand_change == 0 && reserved_change == 0 {
        return Ok(pb::RepairStockResponse { stock: Some(stock.into()), movement: None });
    }
    let movement = Movement {
        id: MovementId::new(now),
        key: key.clone(),
        kind: MovementKind::Adjusted,
        on_hand_change,
        reserved_change,
        reservation: None,
        create_time: now,
        effective_time: now,
        note: note.clone(),
        actor: actor.clone(),
    };
    store::stock::overwrite(tx, &after, &movement).await?;
    events::stock_changed(tx, slice::from_ref(&after), slice::from_ref(&movement), now).await?;
    Ok(pb::RepairStockResponse { stock: Some(after.into()), movement: Some(movement.into()) })
}
