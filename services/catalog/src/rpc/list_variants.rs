//! ListVariants: variants by sku with their default prices, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListVariants;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::prices;
use crate::store::variants::{self, Filter};

impl Handle<ListVariants> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::ListVariantsRequest>,
    ) -> Result<pb::ListVariantsResponse, Error> {
        let caller = call.caller;
        let product = call.request.product_id()?;
        let request = call.request;
        let bound_to = [&request.product_id, &request.sku, &format!("{:?}", request.states)];
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListVariants",
            &bound_to.map(String::as_str),
            request.page_size,
            &request.page_token,
        )?;
        let after: Option<String> = match &page.after {
            Some(cursor) => Some(cursor.get(0)?),
            None => None,
        };
        let audience = convert::audience(&caller);
        let filter = Filter {
            audience,
            product,
            sku: request.sku,
            states: convert::variant_states(&request.states, audience),
        };

        // A filter may pass over many rows, which must not be done in a thread that serves others.
        let limit = page.limit();
        let list = move |snapshot| {
            let filter = filter.clone();
            let after = after.clone();
            async move {
                let variants = variants::list(&snapshot, &filter, after, limit).await?;
                let mut defaults = vec![];
                for some in variants.chunks(prices::VARIANTS_AT_ONCE) {
                    let ids: Vec<_> = some.iter().map(|variant| variant.id).collect();
                    defaults.extend(prices::defaults_of(&snapshot, &ids).await?);
                }
                Ok::<_, Error>(convert::variants_with_prices(&variants, &defaults))
            }
        };
        let variants = self.db.snapshot(list).await?;

        let (variants, next_page_token) =
            page.close(&variants, |variant| vec![variant.sku.as_str().into()], Clone::clone);
        Ok(pb::ListVariantsResponse { variants, next_page_token })
    }
}
