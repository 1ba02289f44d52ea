//! ListStock: all stock by sku and location, a page at a time.

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_data::ToArg;
use souk_data::page::Page;
use tonic::Request;

use super::InventoryRpc;
use crate::error::Error;
use crate::stock::StockKey;
use crate::store;

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::ListStockRequest>,
) -> Result<pb::ListStockResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let page = Page::open(&rpc.db, &caller.key(), "ListStock", &[], request.page_size, &request.page_token)?;
    let after = match &page.after {
        Some(cursor) => StockKey { sku: cursor.get(0)?, location: cursor.get(1)? },
        None => StockKey { sku: String::new(), location: String::new() },
    };

    let stock = store::stock::list(&rpc.db.read(), &after, page.limit()).await?;

    let (stock, next_page_token) = page.close(
        &stock,
        |stock| vec![stock.key.sku.to_arg(), stock.key.location.to_arg()],
        |stock| pb::Stock::from(stock.clone()),
    );
    Ok(pb::ListStockResponse { stock, next_page_token })
}
