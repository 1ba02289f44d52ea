//! CreatePrice: adds a price to a variant; it is the default of its currency and channel when there
//! is none.

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
use crate::product::Labels;
use crate::store::{default_prices, prices, variants};
use crate::variant_key::VariantKey;

/// The price that is asked for.
struct NewPrice {
    id: PriceId,
    variant: VariantKey,
    amount: Money,
    channel: String,
    effective_time: Timestamp,
    is_default: bool,
    audience: Option<PriceAudience>,
    metadata: Labels,
    /// The caller, as it is stored.
    actor: String,
    now: Timestamp,
}

impl Handle<CreatePrice> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::CreatePriceRequest>,
    ) -> Result<pb::CreatePriceResponse, Error> {
        let once = RequestKey::of::<CreatePrice>(&mut call);
        let price = call.request.price.unwrap_or_default();
        let now = self.clock.now();
        let variant = price.variant_id()?;
        let variant = variant.ok_or_else(|| Error::field("price.variant_id", "is required"))?;
        let is_default = price.is_default;
        let effective_time =
            convert::effective_time("price.effective_time", price.effective_time, now)?;

        let new = NewPrice {
            id: price.price_id()?.unwrap_or_else(|| PriceId::new(now)),
            variant: VariantKey::Id(variant),
            amount: convert::amount("price.unit_price", price.unit_price)?,
            channel: price.channel,
            effective_time: effective_time.unwrap_or(now),
            is_default,
            audience: convert::price_audience(price.audience, "price.is_default", is_default)?,
            metadata: price.metadata,
            actor: call.caller.key(),
            now,
        };
        self.db.write_once(once, Serializable, new, create).await
    }
}

async fn create(tx: &Tx, new: &NewPrice) -> Result<pb::CreatePriceResponse, Error> {
    let variant = variants::find(tx, &new.variant).await?;
    let previous = default_prices::of(tx, variant.id, new.amount.currency, &new.channel).await?;
    let can_be_default = new.audience != Some(PriceAudience::Restricted);
    let is_default = new.is_default || (previous.is_none() && can_be_default);
    let price = Price {
        id: new.id,
        variant: variant.id,
        sku: variant.sku,
        product: variant.product,
        product_state: variant.product_state,
        amount: new.amount,
        channel: new.channel.clone(),
        audience: new.audience.unwrap_or(PriceAudience::WhileDefault),
        is_default,
        metadata: new.metadata.clone(),
        archive_time: None,
        create_time: new.now,
        effective_time: new.effective_time,
    };

    if prices::insert(tx, slice::from_ref(&price)).await? == 0 {
        return Err(Error::PriceExists(price.id));
    }
    events::append(tx, Event::PriceCreated(&price), &new.actor, new.now).await?;
    if price.is_default {
        default_prices::set(tx, &[&price], new.now).await?;
    }
    if let Some(previous) = previous.filter(|_| price.is_default) {
        let previous = prices::find(tx, previous).await?;
        let event = Event::DefaultPriceChanged { price: &price, previous: Some(&previous) };
        events::append(tx, event, &new.actor, new.now).await?;
    }
    Ok(pb::CreatePriceResponse { price: Some((&price).into()) })
}
