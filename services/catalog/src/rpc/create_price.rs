//! CreatePrice: adds a price to a variant; the first public one of a currency is its default.

use std::slice;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::CreatePrice;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{Money, PriceId, Timestamp};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::price_audience::PriceAudience;
use crate::store::{default_prices, prices, variants};
use crate::variant_key::VariantKey;

/// The price that is asked for.
struct NewPrice {
    id: PriceId,
    variant: VariantKey,
    amount: Money,
    effective_time: Timestamp,
    set_default: bool,
    audience: Option<PriceAudience>,
    now: Timestamp,
}

impl Handle<CreatePrice> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::CreatePriceRequest>,
    ) -> Result<pb::CreatePriceResponse, Error> {
        let once = RequestKey::of::<CreatePrice>(&mut call);
        let request = call.request;
        let now = self.clock.now();
        let variant = VariantKey::Id(request.variant_id()?);
        let id = request.price_id()?.unwrap_or_else(|| PriceId::new(now));
        let amount = convert::amount("unit_price", request.unit_price)?;
        let effective_time =
            convert::effective_time("effective_time", request.effective_time, now)?.unwrap_or(now);
        let set_default = request.set_default;
        let audience = convert::price_audience(request.audience, "set_default", set_default)?;

        let new = NewPrice { id, variant, amount, effective_time, set_default, audience, now };
        self.db.write_once(once, Serializable, new, create).await
    }
}

async fn create(tx: &Tx, new: &NewPrice) -> Result<pb::CreatePriceResponse, Error> {
    let variant = variants::find(tx, &new.variant).await?;
    let previous = default_prices::of(tx, variant.id, new.amount.currency).await?;
    let can_be_default = new.audience != Some(PriceAudience::Restricted);
    let is_default = new.set_default || (previous.is_none() && can_be_default);
    let price = Price {
        id: new.id,
        variant: variant.id,
        sku: variant.sku,
        product: variant.product,
        product_state: variant.product_state,
        amount: new.amount,
        audience: new.audience.unwrap_or(PriceAudience::WhileDefault),
        is_default,
        archive_time: None,
        create_time: new.now,
        effective_time: new.effective_time,
    };

    if prices::insert(tx, slice::from_ref(&price)).await? == 0 {
        return Err(Error::PriceExists(price.id));
    }
    events::append(tx, Event::PriceCreated(&price), new.now).await?;
    if price.is_default {
        default_prices::set(tx, &[&price], new.now).await?;
    }
    if let Some(previous) = previous.filter(|_| price.is_default) {
        events::append(tx, Event::DefaultPriceChanged { price: &price, previous }, new.now).await?;
    }
    Ok(pb::CreatePriceResponse { price: Some((&price).into()) })
}
