//! BatchGetStock: the stock of several skus at one location, in the order of the request.

use std::collections::HashMap;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::BatchGetStock;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::stock::Stock;
use crate::store;

impl Handle<BatchGetStock> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::BatchGetStockRequest>,
    ) -> Result<pb::BatchGetStockResponse, Error> {
        let pb::BatchGetStockRequest { skus, location_id } = call.request;
        let location = convert::location(location_id);

        let found = store::stock::get(&self.db.read(), &location, &skus).await?;

        let by_sku: HashMap<String, Stock> =
            found.into_iter().map(|stock| (stock.key.sku.clone(), stock)).collect();
        let stock =
            skus.iter().filter_map(|sku| by_sku.get(sku)).cloned().map(pb::Stock::from).collect();
        let missing_skus = skus.into_iter().filter(|sku| !by_sku.contains_key(sku)).collect();
        Ok(pb::BatchGetStockResponse { stock, missing_skus })
    }
}
