//! ListStock: stock by sku and location, a page at a time.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::ListStock;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::stock_key::StockKey;
use crate::store;
use crate::store::stock::Filter;

impl Handle<ListStock> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::ListStockRequest>,
    ) -> Result<pb::ListStockResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListStock",
            &[&request.sku, &request.location_id, if request.low_stock { "low" } else { "" }],
            request.page_size,
            &request.page_token,
        )?;
        let after = match &page.after {
            Some(cursor) => StockKey { sku: cursor.get(0)?, location: cursor.get(1)? },
            None => StockKey { sku: String::new(), location: String::new() },
        };

        let filter = Filter {
            sku: convert::filter(request.sku),
            location: convert::filter(request.location_id),
            is_low: request.low_stock,
        };
        let limit = page.limit().unsigned_abs();
        let stock = store::stock::list(&self.db.read(), filter, &after, limit).await?;

        let (stock, next_page_token) = page.close(
            &stock,
            |stock| vec![stock.key.sku.as_str().into(), stock.key.location.as_str().into()],
            |stock| pb::Stock::from(stock.clone()),
        );
        Ok(pb::ListStockResponse { stock, next_page_token })
    }
}
