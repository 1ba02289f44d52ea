//! CreateProduct: adds a product, without variants.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::products;

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::CreateProductRequest>,
) -> Result<pb::CreateProductResponse, Error> {
    let (caller, now) = (Caller::of(&request), rpc.clock.now());
    let mut request = request.into_inner();
    let request_id = std::mem::take(&mut request.request_id);
    let key = convert::request_key(&caller, "CreateProduct", request_id, &request);
    let product = convert::new_product(request, now);

    rpc.db
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
