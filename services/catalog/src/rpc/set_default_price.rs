//! SetDefaultPrice: makes a price the one that its variant is sold at in its currency.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::price::Price;
use crate::store::prices;

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::SetDefaultPriceRequest>,
) -> Result<pb::SetDefaultPriceResponse, Error> {
    let (caller, now) = (Caller::of(&request), rpc.clock.now());
    let mut request = request.into_inner();
    let request_id = std::mem::take(&mut request.request_id);
    let key = convert::request_key(&caller, "SetDefaultPrice", request_id, &request);
    let id = convert::price_id(&request.price_id)?;

    rpc.db
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
