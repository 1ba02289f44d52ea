//! ListPrices: the prices of a variant, the latest effective time first, a page at a time.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ListPrices;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::product::Audience;
use crate::store::prices::{self, Filter, Which};
use crate::store::variants;
use crate::variant_key::VariantKey;

impl Handle<ListPrices> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::ListPricesRequest>,
    ) -> Result<pb::ListPricesResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let key = VariantKey::try_from(request.variant)?;
        let currency = match request.currency_code.as_str() {
            "" => None,
            code => Some(convert::currency(code)?),
        };
        let reader = self.db.read();
        let variant = variants::find(&reader, &key).await?;
        let audience = convert::audience(&caller);
        if !audience.sees(variant.product_state) {
            return Err(Error::VariantNotFound(key));
        }
        let which = match (audience, request.show_archived) {
            (Audience::Public, _) => Which::OnOffer,
            (Audience::Shop, false) => Which::Unarchived,
            (Audience::Shop, true) => Which::All,
        };
        let filter = Filter { variant: variant.id, currency, channel: request.channel, which };
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListPrices",
            &[
                &variant.id.to_string(),
                &request.currency_code,
                &filter.channel,
                &request.show_archived.to_string(),
            ],
            request.page_size,
            &request.page_token,
        )?;
        let before = match &page.after {
            Some(cursor) => Some((cursor.get(0)?, cursor.get(1)?)),
            None => None,
        };

        let prices = prices::list(&reader, &filter, before, page.limit()).await?;

        let (prices, next_page_token) = page.close(
            &prices,
            |price| vec![price.effective_time.into(), price.id.into()],
            |price| price.into(),
        );
        Ok(pb::ListPricesResponse { prices, next_page_token })
    }
}
