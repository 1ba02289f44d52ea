//! CreateProduct: adds a product, without variants.

use std::slice;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreateProduct;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::product::Product;
use crate::store::products;

impl Handle<CreateProduct> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::CreateProductRequest>,
    ) -> Result<pb::CreateProductResponse, Error> {
        let once = RequestKey::of::<CreateProduct>(&mut call);
        let product = call.request.product.unwrap_or_default();
        let product = convert::new_product(product, self.clock.now())?;
        let new = (product, call.caller.key());
        self.db.write_once(once, Serializable, new, create).await
    }
}

async fn create(
    tx: &Tx,
    (product, actor): &(Product, String),
) -> Result<pb::CreateProductResponse, Error> {
    let inserted = products::insert(tx, slice::from_ref(product)).await?;
    if let Some(key) = product.external_key.as_ref().filter(|_| inserted == 0) {
        return Err(Error::ExternalKeyExists { key: key.clone(), product: product.id });
    }
    events::append(tx, Event::ProductCreated(product), actor, product.create_time).await?;
    Ok(pb::CreateProductResponse { product: Some(product.into()) })
}
