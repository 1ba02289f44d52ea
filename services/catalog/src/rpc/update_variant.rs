//! UpdateVariant: changes the fields of a variant that the mask names.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::UpdateVariant;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::{prices, variants};
use crate::variant_key::VariantKey;

impl Handle<UpdateVariant> for CatalogRpc {
    async fn handle(&self, call: Call<pb::UpdateVariantRequest>) -> Result<pb::UpdateVariantResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "UpdateVariant", request_id, &request);
        let (id, etag) = (request.variant_id()?, std::mem::take(&mut request.etag));
        let change = convert::variant_change(request)?;

        self.db
            .write_once(key, move |tx| {
                let (change, etag) = (change.clone(), etag.clone());
                async move {
                    let variant = variants::find(&tx, &VariantKey::Id(id)).await?.change(change, &etag, now)?;
                    variants::update(&tx, &variant).await?;
                    events::append(&tx, Event::VariantUpdated(&variant), now).await?;
                    let defaults = prices::defaults_of(&tx, &[id]).await?;
                    let variant = convert::variants_with_prices(&[variant], &defaults).pop();
                    Ok(pb::UpdateVariantResponse { variant })
                }
            })
            .await
    }
}
