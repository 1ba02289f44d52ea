//! UpdateProduct: changes the fields of a product that the mask names.

use std::mem;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::UpdateProduct;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{ProductId, Timestamp};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::product::ProductChange;
use crate::store::products;

/// What is to be changed of which product, and the etag that it must have.
struct Update {
    id: ProductId,
    etag: String,
    change: ProductChange,
    /// The caller, as it is stored.
    actor: String,
    now: Timestamp,
}

impl Handle<UpdateProduct> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::UpdateProductRequest>,
    ) -> Result<pb::UpdateProductResponse, Error> {
        let once = RequestKey::of::<UpdateProduct>(&mut call);
        let mut product = call.request.product.unwrap_or_default();
        let wanted = Update {
            id: convert::product_id(&product)?,
            etag: mem::take(&mut product.etag),
            change: convert::product_change(product, call.request.update_mask)?,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, update).await
    }
}

async fn update(tx: &Tx, wanted: &Update) -> Result<pb::UpdateProductResponse, Error> {
    let before = products::find(tx, wanted.id).await?;
    let previous_state = before.state;

    let product = before.change(wanted.change.clone(), &wanted.etag, wanted.now)?;

    products::update(tx, &product).await?;
    events::append(
        tx,
        Event::ProductUpdated { product: &product, previous_state },
        &wanted.actor,
        wanted.now,
    )
    .await?;
    Ok(pb::UpdateProductResponse { product: Some((&product).into()) })
}
