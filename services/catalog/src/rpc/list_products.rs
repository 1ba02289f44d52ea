//! ListProducts: products by title, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListProducts;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::product::title_key;
use crate::store::products::{self, Filter, Position};

impl Handle<ListProducts> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::ListProductsRequest>,
    ) -> Result<pb::ListProductsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let filter = Filter {
            audience: convert::audience(&caller),
            state: convert::state(request.state),
            title_prefix: request.title_prefix,
            updated_after: convert::time("updated_after", request.updated_after)?,
        };
        let bound_to = [
            &filter.state.map(|state| state.to_string()).unwrap_or_default(),
            &filter.title_prefix,
            &filter.updated_after.map(|time| time.as_micros().to_string()).unwrap_or_default(),
        ];
        let bound_to = bound_to.map(String::as_str);
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListProducts",
            &bound_to,
            request.page_size,
            &request.page_token,
        )?;
        let after: Option<Position> = match &page.after {
            Some(cursor) => Some((cursor.get(0)?, cursor.get(1)?)),
            None => None,
        };

        // A filter may pass over many rows, which must not be done in a thread that serves others.
        let limit = page.limit();
        let list = move |snapshot| {
            let filter = filter.clone();
            let after = after.clone();
            async move { products::list(&snapshot, &filter, after.as_ref(), limit).await }
        };
        let products = self.db.snapshot(list).await?;

        let (products, next_page_token) = page.close(
            &products,
            |product| vec![title_key(&product.title).into(), product.id.into()],
            |product| product.into(),
        );
        Ok(pb::ListProductsResponse { products, next_page_token })
    }
}
