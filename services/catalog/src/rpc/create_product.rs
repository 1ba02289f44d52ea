//! CreateProduct: adds a product, without variants.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreateProduct;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::products;

impl Handle<CreateProduct> for CatalogRpc {
    async fn handle(&self, call: Call<pb::CreateProductRequest>) -> Result<pb::CreateProductResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "CreateProduct", request_id, &request);
        let product = convert::new_product(request, now);

        self.db
            .write_once(key, move |tx| {
                let product = product.clone();
                async move {
                    products::insert(&tx, std::slice::from_ref(&product)).await?;
                    events::append(&tx, Event::ProductCreated(&product), now).await?;
                    Ok(pb::CreateProductResponse { product: Some((&product).into()) })
                }
            })
            .await
    }
}
