//! CreateVariant: adds a variant to a product.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreateVariant;
use souk_contract::{Call, Handle};
use souk_types::VariantId;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::{products, variants};
use crate::variant::{Variant, check_room};

impl Handle<CreateVariant> for CatalogRpc {
    async fn handle(&self, call: Call<pb::CreateVariantRequest>) -> Result<pb::CreateVariantResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "CreateVariant", request_id, &request);
        let (id, product) = (VariantId::new(now), request.product_id()?);

        self.db
            .write_once(key, move |tx| {
                let request = request.clone();
                async move {
                    let product = products::find(&tx, product).await?;
                    check_room(product.id, variants::count(&tx, product.id).await?)?;
                    let variant = Variant {
                        id,
                        product: product.id,
                        product_state: product.state,
                        sku: request.sku,
                        title: request.title,
                        attributes: request.attributes,
                        version: 1,
                        create_time: now,
                        update_time: now,
                    };
                    if variants::insert(&tx, std::slice::from_ref(&variant)).await? == 0 {
                        return Err(Error::SkuExists(variant.sku));
                    }
                    events::append(&tx, Event::VariantCreated(&variant), now).await?;
                    Ok(pb::CreateVariantResponse { variant: Some((&variant).into()) })
                }
            })
            .await
    }
}
