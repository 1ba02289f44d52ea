//! AdjustStock: corrects the units on hand by a signed number, as after a count.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::AdjustStock;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock;
use crate::stock_key::{Quantities, StockKey};
use crate::{events, store};

/// By how much the units of a stock on hand change, and why.
struct Adjustment {
    key: StockKey,
    change: i64,
    note: String,
    actor: String,
    now: Timestamp,
}

impl Handle<AdjustStock> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::AdjustStockRequest>,
    ) -> Result<pb::AdjustStockResponse, Error> {
        let once = RequestKey::of::<AdjustStock>(&mut call);
        let request = call.request;
        let adjustment = Adjustment {
            key: convert::stock_key(request.sku, request.location_id),
            change: request.on_hand_change.into(),
            note: request.note,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, ReadCommitted, adjustment, adjust).await
    }
}

async fn adjust(tx: &Tx, adjustment: &Adjustment) -> Result<pb::AdjustStockResponse, Error> {
    let Adjustment { key, change, note, actor, now } = adjustment;
    let changes = Quantities::from([(key.clone(), *change)]);
    let found = store::stock::lock(tx, changes.keys()).await?;

    let after = stock::adjust(&found, key, *change, *now)?;

    let occasion = Occasion::by(actor, *now).noted(note);
    let movements = Movement::of(MovementKind::Adjusted, &changes, occasion);
    store::stock::record(tx, &movements, *now).await?;
    events::stock_changed(tx, std::slice::from_ref(&after), &movements, *now).await?;
    Ok(pb::AdjustStockResponse { stock: Some(after.into()) })
}
