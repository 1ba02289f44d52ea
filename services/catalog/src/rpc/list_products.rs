//! ListProducts: products by title or by the time of their last change, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListProducts;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::products::{self, Filter, Order};

impl Handle<ListProducts> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::ListProductsRequest>,
    ) -> Result<pb::ListProductsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let bound_to = [
            format!("{:?}", request.states),
            request.title_prefix.clone(),
            format!("{:?}", request.labels),
            request.external_key.clone(),
            format!("{:?}", request.update_time_after),
            request.order_by.clone(),
        ];
        let order = match request.order_by.as_str() {
            "update_time" => Order::UpdateTime,
            _ => Order::Title,
        };
        let filter = Filter {
            states: convert::product_states(&request.states, convert::audience(&caller)),
            title_prefix: request.title_prefix,
            labels: convert::wanted_labels(request.labels),
            external_key: request.external_key,
            update_time_after: convert::time("update_time_after", request.update_time_after)?,
        };
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListProducts",
            &bound_to.each_ref().map(String::as_str),
            request.page_size,
            &request.page_token,
        )?;
        let after = match &page.after {
            Some(cursor) => Some(order.position(cursor)?),
            None => None,
        };

        // A filter may pass over many rows, which must not be done in a thread that serves others.
        let limit = page.limit();
        let list = move |snapshot| {
            let filter = filter.clone();
            let after = after.clone();
            async move { products::list(&snapshot, &filter, order, after.as_ref(), limit).await }
        };
        let products = self.db.snapshot(list).await?;

        let (products, next_page_token) =
            page.close(&products, order.sorts_by(), |product| product.into());
        Ok(pb::ListProductsResponse { products, next_page_token })
    }
}
