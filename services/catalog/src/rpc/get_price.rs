//! GetPrice: one price, also when it is archived.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::prices;

pub async fn handle(rpc: &CatalogRpc, request: Request<pb::GetPriceRequest>) -> Result<pb::GetPriceResponse, Error> {
    let audience = convert::audience(&Caller::of(&request));
    let id = convert::price_id(&request.into_inner().price_id)?;

    let price = prices::find(&rpc.db.read(), id).await?;
    if !audience.sees(price.product_state) {
        return Err(Error::PriceNotFound(id));
    }
    Ok(pb::GetPriceResponse { price: Some((&price).into()) })
}
