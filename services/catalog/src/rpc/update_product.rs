//! UpdateProduct: changes the fields of a product that the mask names.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::UpdateProduct;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::products;

impl Handle<UpdateProduct> for CatalogRpc {
    async fn handle(&self, call: Call<pb::UpdateProductRequest>) -> Result<pb::UpdateProductResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "UpdateProduct", request_id, &request);
        let (id, etag) = (request.product_id()?, std::mem::take(&mut request.etag));
        let change = convert::product_change(request)?;

        self.db
            .write_once(key, move |tx| {
                let (change, etag) = (change.clone(), etag.clone());
                async move {
                    let before = products::find(&tx, id).await?;
                    let previous_state = before.state;
                    let product = before.change(change, &etag, now)?;
                    products::update(&tx, &product).await?;
                    events::append(&tx, Event::ProductUpdated { product: &product, previous_state }, now).await?;
                    Ok(pb::UpdateProductResponse { product: Some((&product).into()) })
                }
            })
            .await
    }
}
