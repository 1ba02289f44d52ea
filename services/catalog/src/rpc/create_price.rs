//! CreatePrice: adds a price to a variant; the first of a currency is its default.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreatePrice;
use souk_contract::{Call, Handle};
use souk_types::PriceId;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::store::{prices, variants};
use crate::variant_key::VariantKey;

impl Handle<CreatePrice> for CatalogRpc {
    async fn handle(&self, call: Call<pb::CreatePriceRequest>) -> Result<pb::CreatePriceResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "CreatePrice", request_id, &request);
        let variant = VariantKey::Id(request.variant_id()?);
        let id = request.price_id()?.unwrap_or_else(|| PriceId::new(now));
        let amount = convert::amount("unit_price", request.unit_price)?;
        let effective_time = convert::effective_time("effective_time", request.effective_time, now)?.unwrap_or(now);
        let set_default = request.set_default;

        self.db
            .write_once(key, move |tx| {
                let variant = variant.clone();
                async move {
                    let variant = variants::find(&tx, &variant).await?;
                    let previous = prices::default_of(&tx, variant.id, amount.currency).await?;
                    let price = Price {
                        id,
                        variant: variant.id,
                        sku: variant.sku,
                        product: variant.product,
                        product_state: variant.product_state,
                        amount,
                        is_default: set_default || previous.is_none(),
                        archive_time: None,
                        create_time: now,
                        effective_time,
                    };
                    if prices::insert(&tx, std::slice::from_ref(&price)).await? == 0 {
                        return Err(Error::PriceExists(id));
                    }
                    events::append(&tx, Event::PriceCreated(&price), now).await?;
                    if price.is_default {
                        prices::make_defaults(&tx, &[&price], now).await?;
                    }
                    if let Some(previous) = previous.filter(|_| price.is_default) {
                        events::append(&tx, Event::DefaultPriceChanged { price: &price, previous }, now).await?;
                    }
                    Ok(pb::CreatePriceResponse { price: Some((&price).into()) })
                }
            })
            .await
    }
}
