//! GetVariant: one variant, by its id or its sku, with its default prices.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::GetVariant;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, variants};
use crate::variant_key::VariantKey;

impl Handle<GetVariant> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::GetVariantRequest>,
    ) -> Result<pb::GetVariantResponse, Error> {
        let audience = convert::audience(&call.caller);
        let key = VariantKey::try_from(call.request.variant)?;
        let reader = self.db.read();

        let variant = variants::find(&reader, &key).await?;
        if !audience.sees(variant.product_state) {
            return Err(Error::VariantNotFound(key));
        }
        let defaults = prices::defaults_of(&reader, &[variant.id]).await?;

        Ok(pb::GetVariantResponse {
            variant: convert::variants_with_prices(&[variant], &defaults).pop(),
        })
    }
}
