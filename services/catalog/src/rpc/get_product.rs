//! GetProduct: one product with its variants and their default prices.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::GetProduct;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, products, variants};

impl Handle<GetProduct> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::GetProductRequest>,
    ) -> Result<pb::GetProductResponse, Error> {
        let audience = convert::audience(&call.caller);
        let id = call.request.product_id()?;
        let reader = self.db.read();

        let product = products::find(&reader, id).await?;
        if !audience.sees(product.state) {
            return Err(Error::ProductNotFound(id));
        }
        let variants = variants::of_product(&reader, id).await?;
        let ids: Vec<_> = variants.iter().map(|variant| variant.id).collect();
        let defaults = prices::defaults_of(&reader, &ids).await?;

        let variants = convert::variants_with_prices(&variants, &defaults);
        let product = pb::Product { variants, ..(&product).into() };
        Ok(pb::GetProductResponse { product: Some(product) })
    }
}
