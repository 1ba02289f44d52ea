//! ReceiveStock: records that units arrived, all items or none.

use std::mem;
use std::sync::Arc;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ReceiveStock;
use souk_contract::{Call, Handle};
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::movement::{Movement, MovementKind, Occasion};
use crate::stock::{self, Stock};
use crate::stock_key::Quantities;
use crate::{events, store};

impl Handle<ReceiveStock> for InventoryRpc {
    async fn handle(&self, call: Call<pb::ReceiveStockRequest>) -> Result<pb::ReceiveStockResponse, Error> {
        let caller = call.caller;
        let mut request = call.request;
        let request_id = mem::take(&mut request.request_id);
        let key =
            RequestKey::new(caller.key(), "/souk.inventory.v1.InventoryService/ReceiveStock", request_id, &request);
        let now = self.clock.now();
        let effective_time = convert::past_time(request.effective_time, now)?;
        let arrived = Arc::new(convert::received(request.items)?);

        let received = self.db.write_once_locked(key, move |tx| {
            let arrived = arrived.clone();
            async move {
                let stock = receive(&tx, &arrived, effective_time, now).await?;
                Ok::<_, Error>(pb::ReceiveStockResponse { stock: stock.into_iter().map(pb::Stock::from).collect() })
            }
        });
        received.await
    }
}

async fn receive(
    tx: &Tx,
    arrived: &Quantities,
    effective_time: Timestamp,
    now: Timestamp,
) -> Result<Vec<Stock>, Error> {
    store::location::check(tx, arrived).await?;
    store::stock::insert_missing(tx, arrived.keys(), now).await?;
    let found = store::stock::lock(tx, arrived.keys()).await?;

    let after = stock::add(MovementKind::Received, &found, arrived, now)?;

    let movements = Movement::of(MovementKind::Received, arrived, Occasion::now(now).at(effective_time));
    store::stock::record(tx, &movements, now).await?;
    events::stock_changed(tx, &after, &movements, now).await?;
    Ok(after)
}
