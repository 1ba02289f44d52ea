//! ClearDefaultPrice: leaves a variant without a default price in a currency and channel.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ClearDefaultPrice;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{Currency, Timestamp, VariantId};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::store::{default_prices, prices, variants};
use crate::variant_key::VariantKey;

/// Which default price is to be cleared.
struct Clear {
    variant: VariantId,
    currency: Currency,
    channel: String,
    /// The caller, as it is stored.
    actor: String,
    now: Timestamp,
}

impl Handle<ClearDefaultPrice> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ClearDefaultPriceRequest>,
    ) -> Result<pb::ClearDefaultPriceResponse, Error> {
        let once = RequestKey::of::<ClearDefaultPrice>(&mut call);
        let wanted = Clear {
            variant: call.request.variant_id()?,
            currency: convert::currency(&call.request.currency_code)?,
            channel: call.request.channel,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, clear).await
    }
}

async fn clear(tx: &Tx, wanted: &Clear) -> Result<pb::ClearDefaultPriceResponse, Error> {
    let &Clear { variant: id, currency, ref channel, ref actor, now } = wanted;
    let variant = variants::find(tx, &VariantKey::Id(id)).await?;
    let previous = default_prices::of(tx, id, currency, channel).await?;

    if let Some(previous) = previous {
        let price = prices::find(tx, previous).await?;
        default_prices::clear(tx, id, currency, channel).await?;
        let price = Price { is_default: false, ..price };
        events::append(tx, Event::DefaultPriceCleared(&price), actor, now).await?;
    }
    let defaults = prices::defaults_of(tx, &[id]).await?;
    Ok(pb::ClearDefaultPriceResponse {
        variant: convert::variants_with_prices(&[variant], &defaults).pop(),
    })
}
