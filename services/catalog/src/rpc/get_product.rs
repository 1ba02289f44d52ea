//! GetProduct: one product with its variants and their default prices.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, products, variants};

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::GetProductRequest>,
) -> Result<pb::GetProductResponse, Error> {
    let audience = convert::audience(&Caller::of(&request));
    let id = convert::product_id(&request.into_inner().product_id)?;
    let reader = rpc.db.read();

    let product = products::find(&reader, id).await?;
    if !audience.sees(product.state) {
        return Err(Error::ProductNotFound(id));
    }
    let variants = variants::of_product(&reader, id).await?;
    let ids: Vec<_> = variants.iter().map(|variant| variant.id).collect();
    let defaults = prices::defaults_of(&reader, &ids).await?;

    let variants = convert::variants_with_prices(&variants, &defaults);
    Ok(pb::GetProductResponse { product: Some((&product).into()), variants })
}
