//! AdjustStock: corrects the units on hand by a signed number, as after a count.

use std::mem;
use std::sync::Arc;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::AdjustStock;
use souk_contract::{Call, Handle};
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock::{self, Stock};
use crate::stock_key::{Quantities, StockKey};
use crate::{events, store};

impl Handle<AdjustStock> for InventoryRpc {
    async fn handle(&self, call: Call<pb::AdjustStockRequest>) -> Result<pb::AdjustStockResponse, Error> {
        let caller = call.caller;
        let mut request = call.request;
        let request_id = mem::take(&mut request.request_id);
        let once =
            RequestKey::new(caller.key(), "/souk.inventory.v1.InventoryService/AdjustStock", request_id, &request);
        let now = self.clock.now();
        let key = convert::stock_key(request.sku, request.location_id);
        let adjustment = Arc::new((key, request.on_hand_change, request.note));

        let adjusted = self.db.write_once_locked(once, move |tx| {
            let adjustment = adjustment.clone();
            async move {
                let (key, change, note) = &*adjustment;
                let stock = adjust(&tx, key, *change, note, now).await?;
                Ok::<_, Error>(pb::AdjustStockResponse { stock: Some(stock.into()) })
            }
        });
        adjusted.await
    }
}

async fn adjust(tx: &Tx, key: &StockKey, change: i64, note: &str, now: Timestamp) -> Result<Stock, Error> {
    let changes = Quantities::from([(key.clone(), change)]);
    let found = store::stock::lock(tx, changes.keys()).await?;

    let after = stock::adjust(&found, key, change, now)?;

    let movements = Movement::of(MovementKind::Adjusted, &changes, Occasion::now(now).noted(note));
    store::stock::record(tx, &movements, now).await?;
    events::stock_changed(tx, std::slice::from_ref(&after), &movements, now).await?;
    Ok(after)
}
