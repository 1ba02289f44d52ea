//! CreateVariant: adds a variant to a product.

use std::slice;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreateVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{ProductId, Timestamp, VariantId};

use super::CatalogRpc;
use crate::error::Error;
use crate::events::{self, Event};
use crate::product::Labels;
use crate::store::{products, variants};
use crate::variant::{Variant, check_room};

/// The variant that is asked for.
struct NewVariant {
    id: VariantId,
    product: ProductId,
    sku: String,
    title: String,
    attributes: Labels,
    now: Timestamp,
}

impl Handle<CreateVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::CreateVariantRequest>,
    ) -> Result<pb::CreateVariantResponse, Error> {
        let once = RequestKey::of::<CreateVariant>(&mut call);
        let request = call.request;
        let now = self.clock.now();
        let new = NewVariant {
            id: VariantId::new(now),
            product: request.product_id()?,
            sku: request.sku,
            title: request.title,
            attributes: request.attributes,
            now,
        };
        self.db.write_once(once, Serializable, new, create).await
    }
}

async fn create(tx: &Tx, new: &NewVariant) -> Result<pb::CreateVariantResponse, Error> {
    let product = products::find(tx, new.product).await?;
    check_room(product.id, variants::count(tx, product.id).await?)?;
    let variant = Variant {
        id: new.id,
        product: product.id,
        product_state: product.state,
        sku: new.sku.clone(),
        title: new.title.clone(),
        attributes: new.attributes.clone(),
        version: 1,
        create_time: new.now,
        update_time: new.now,
    };

    if variants::insert(tx, slice::from_ref(&variant)).await? == 0 {
        return Err(Error::SkuExists(variant.sku));
    }
    events::append(tx, Event::VariantCreated(&variant), new.now).await?;
    Ok(pb::CreateVariantResponse { variant: Some((&variant).into()) })
}
