//! ListProducts: products by title, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListProducts;
use souk_contract::{Call, Handle};
use souk_data::args;

use super::CatalogRpc;
use crate::convert::{self, PagedList};
use crate::error::Error;
use crate::store::products::{self, Filter};

impl Handle<ListProducts> for CatalogRpc {
    async fn handle(&self, call: Call<pb::ListProductsRequest>) -> Result<pb::ListProductsResponse, Error> {
        let Call { request, caller, .. } = call;
        let filter = Filter {
            audience: convert::audience(&caller),
            state: convert::state(request.state),
            title_prefix: request.title_prefix,
            updated_after: convert::time("updated_after", request.updated_after)?,
        };
        let bound_to = [
            filter.state.map(|state| state.to_string()).unwrap_or_default(),
            filter.title_prefix.clone(),
            filter.updated_after.map(|time| time.as_micros().to_string()).unwrap_or_default(),
        ];
        let list = PagedList::new(self.db.page_tokens(), "ListProducts", &caller, bound_to);
        let (cursor, size) = list.page(request.page_size, &request.page_token)?;
        let after = cursor.map(|cursor| Ok::<_, Error>((cursor.get(0)?, cursor.get(1)?))).transpose()?;

        // A filter may pass over many rows, which must not be done in a thread that serves others.
        let rows = self
            .db
            .snapshot(move |reader| {
                let (filter, after) = (filter.clone(), after.clone());
                async move { products::list(&reader, &filter, after, size + 1).await }
            })
            .await?;

        let (products, next_page_token) = list.cut(&rows, size, |list, last| {
            let (key, id) = products::position(last);
            list.token(args![key, id])
        });
        Ok(pb::ListProductsResponse { products, next_page_token })
    }
}
