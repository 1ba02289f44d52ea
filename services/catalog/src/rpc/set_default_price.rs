//! SetDefaultPrice: makes a price the one that its variant is sold at in its currency.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::SetDefaultPrice;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::store::prices;

impl Handle<SetDefaultPrice> for CatalogRpc {
    async fn handle(&self, call: Call<pb::SetDefaultPriceRequest>) -> Result<pb::SetDefaultPriceResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "SetDefaultPrice", request_id, &request);
        let id = request.price_id()?;

        self.db
            .write_once(key, move |tx| async move {
                let before = prices::find(&tx, id).await?;
                before.check_can_be_default()?;
                let previous = prices::default_of(&tx, before.variant, before.amount.currency).await?;
                let price = Price { is_default: true, ..before };
                if previous != Some(id) {
                    prices::make_defaults(&tx, &[&price], now).await?;
                }
                if let Some(previous) = previous.filter(|previous| *previous != id) {
                    events::append(&tx, Event::DefaultPriceChanged { price: &price, previous }, now).await?;
                }
                Ok(pb::SetDefaultPriceResponse { price: Some((&price).into()) })
            })
            .await
    }
}
