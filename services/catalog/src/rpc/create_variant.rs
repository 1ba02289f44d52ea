//! CreateVariant: adds a variant to a product.

use std::slice;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreateVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::{products, variants};
use crate::variant::{Variant, check_room};

impl Handle<CreateVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::CreateVariantRequest>,
    ) -> Result<pb::CreateVariantResponse, Error> {
        let once = RequestKey::of::<CreateVariant>(&mut call);
        let variant = call.request.variant.unwrap_or_default();
        let variant = convert::new_variant(variant, self.clock.now())?;
        let new = (variant, call.caller.key());
        self.db.write_once(once, Serializable, new, create).await
    }
}

async fn create(
    tx: &Tx,
    (new, actor): &(Variant, String),
) -> Result<pb::CreateVariantResponse, Error> {
    let product = products::find(tx, new.product).await?;
    check_room(product.id, variants::count(tx, product.id).await?)?;
    let variant = Variant { product_state: product.state, ..new.clone() };

    if variants::insert(tx, slice::from_ref(&variant)).await? == 0 {
        return Err(Error::SkuExists(variant.sku));
    }
    events::append(tx, Event::VariantCreated(&variant), actor, variant.create_time).await?;
    Ok(pb::CreateVariantResponse { variant: Some((&variant).into()) })
}
