//! AdjustStock: corrects the units on hand by a signed number, as after a count.

use std::mem;
use std::sync::Arc;

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;
use tonic::Request;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock::{self, Quantities, Stock, StockKey};
use crate::{events, store};

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::AdjustStockRequest>,
) -> Result<pb::AdjustStockResponse, Error> {
    let caller = Caller::of(&request);
    let mut request = request.into_inner();
    let request_id = mem::take(&mut request.request_id);
    let once = RequestKey::new(caller.key(), "/souk.inventory.v1.InventoryService/AdjustStock", request_id, &request);
    let now = rpc.clock.now();
    let key = convert::stock_key(request.sku, request.location_id);
    let adjustment = Arc::new((key, request.on_hand_change, request.note));

    let adjusted = rpc.db.write_once_locked(once, move |tx| {
        let adjustment = adjustment.clone();
        async move {
            let (key, change, note) = &*adjustment;
            let stock = adjust(&tx, key, *change, note, now).await?;
            Ok::<_, Error>(pb::AdjustStockResponse { stock: Some(stock.into()) })
        }
    });
    adjusted.await
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
