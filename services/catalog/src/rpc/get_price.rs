//! GetPrice: one price; for the shop, even when it is restricted or archived.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::GetPrice;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::prices;

impl Handle<GetPrice> for CatalogRpc {
    async fn handle(&self, call: Call<pb::GetPriceRequest>) -> Result<pb::GetPriceResponse, Error> {
        let audience = convert::audience(&call.caller);
        let id = call.request.price_id()?;

        let price = prices::find(&self.db.read(), id).await?;
        if !price.is_seen_by(audience) {
            return Err(Error::PriceNotFound(id));
        }
        Ok(pb::GetPriceResponse { price: Some((&price).into()) })
    }
}
