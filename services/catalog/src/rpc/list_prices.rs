//! ListPrices: the prices of a variant in the order of their effective times, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListPrices;
use souk_contract::{Call, Handle};
use souk_data::args;

use super::CatalogRpc;
use crate::convert::{self, PagedList};
use crate::error::Error;
use crate::store::prices::{self, Filter};
use crate::store::variants;
use crate::variant_key::VariantKey;

impl Handle<ListPrices> for CatalogRpc {
    async fn handle(&self, call: Call<pb::ListPricesRequest>) -> Result<pb::ListPricesResponse, Error> {
        let Call { request, caller, .. } = call;
        let key = VariantKey::try_from(request.variant)?;
        let currency = match request.currency_code.as_str() {
            "" => None,
            code => Some(convert::currency(code)?),
        };
        let reader = self.db.read();
        let variant = variants::find(&reader, &key).await?;
        if !convert::audience(&caller).sees(variant.product_state) {
            return Err(Error::VariantNotFound(key));
        }
        let filter = Filter { variant: variant.id, currency, without_archived: request.without_archived };
        let bound_to = [variant.id.to_string(), request.currency_code, filter.without_archived.to_string()];
        let list = PagedList::new(self.db.page_tokens(), "ListPrices", &caller, bound_to);
        let (cursor, size) = list.page(request.page_size, &request.page_token)?;
        let after = cursor.map(|cursor| Ok::<_, Error>((cursor.get(0)?, cursor.get(1)?))).transpose()?;

        let rows = prices::list(&reader, &filter, after, size + 1).await?;

        let (prices, next_page_token) =
            list.cut(&rows, size, |list, last| list.token(args![last.effective_time, last.id]));
        Ok(pb::ListPricesResponse { prices, next_page_token })
    }
}
