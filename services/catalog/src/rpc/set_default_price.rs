//! SetDefaultPrice: makes a price the default of its variant in its currency and channel.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::SetDefaultPrice;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{PriceId, Timestamp};

use super::CatalogRpc;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::store::{default_prices, prices};

impl Handle<SetDefaultPrice> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::SetDefaultPriceRequest>,
    ) -> Result<pb::SetDefaultPriceResponse, Error> {
        let once = RequestKey::of::<SetDefaultPrice>(&mut call);
        let id = call.request.price_id()?;
        let wanted = (id, call.caller.key(), self.clock.now());
        self.db.write_once(once, Serializable, wanted, set_default).await
    }
}

async fn set_default(
    tx: &Tx,
    &(id, ref actor, now): &(PriceId, String, Timestamp),
) -> Result<pb::SetDefaultPriceResponse, Error> {
    let before = prices::find(tx, id).await?;
    before.check_can_be_default()?;
    let currency = before.amount.currency;
    let previous = default_prices::of(tx, before.variant, currency, &before.channel).await?;
    let price = Price { is_default: true, ..before };

    if previous != Some(id) {
        default_prices::set(tx, &[&price], now).await?;
        let previous = match previous {
            Some(previous) => Some(prices::find(tx, previous).await?),
            None => None,
        };
        let event = Event::DefaultPriceChanged { price: &price, previous: previous.as_ref() };
        events::append(tx, event, actor, now).await?;
    }
    Ok(pb::SetDefaultPriceResponse { price: Some((&price).into()) })
}
