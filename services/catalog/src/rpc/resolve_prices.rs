//! ResolvePrices: what each item costs now. The hot path of every checkout: one statement.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ResolvePrices;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::{Error, Unresolved};
use crate::price;
use crate::store::offers;

impl Handle<ResolvePrices> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::ResolvePricesRequest>,
    ) -> Result<pb::ResolvePricesResponse, Error> {
        let audience = convert::audience(&call.caller);
        let request = call.request;
        let currency = convert::currency(&request.currency_code)?;
        let wanted = convert::wanted(request.items)?;
        let channel = match request.channel.as_str() {
            "" => price::DEFAULT_CHANNEL,
            channel => channel,
        };

        let offers = offers::find(&self.db.read(), &wanted, currency, channel).await?;

        let mut prices = Vec::with_capacity(wanted.len());
        let mut unresolved = vec![];
        for (index, wanted) in wanted.into_iter().enumerate() {
            let offer = offers.get(&wanted).filter(|offer| offer.is_seen_by(audience, &wanted));
            match (price::resolve(&wanted, offer, currency, channel), offer) {
                (Ok(price), Some(offer)) => prices.push(convert::resolved(offer, price)),
                (Ok(_), None) => unreachable!("what has no offer has no price"),
                (Err(why), _) => {
                    let channel = channel.to_owned();
                    unresolved.push(Unresolved { index, wanted, currency, channel, why });
                }
            }
        }
        if unresolved.is_empty() {
            Ok(pb::ResolvePricesResponse { prices })
        } else {
            Err(Error::Unresolved(unresolved))
        }
    }
}
