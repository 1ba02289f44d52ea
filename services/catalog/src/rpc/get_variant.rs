//! GetVariant: one variant, by its id or its sku, with its default prices.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, variants};
use crate::variant::VariantKey;

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::GetVariantRequest>,
) -> Result<pb::GetVariantResponse, Error> {
    let audience = convert::audience(&Caller::of(&request));
    let key = VariantKey::try_from(request.into_inner().variant)?;
    let reader = rpc.db.read();

    let variant = variants::find(&reader, &key).await?;
    if !audience.sees(variant.product_state) {
        return Err(Error::VariantNotFound(key));
    }
    let defaults = prices::defaults_of(&reader, &[variant.id]).await?;

    Ok(pb::GetVariantResponse { variant: convert::variants_with_prices(&[variant], &defaults).pop() })
}
