//! BatchGetVariants: several variants by their skus, in the order asked.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_data::page;
use std::collections::HashMap;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, variants};

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::BatchGetVariantsRequest>,
) -> Result<pb::BatchGetVariantsResponse, Error> {
    let audience = convert::audience(&Caller::of(&request));
    let skus = request.into_inner().skus;
    let reader = rpc.db.read();

    let mut found = variants::by_skus(&reader, &skus).await?;
    found.retain(|variant| audience.sees(variant.product_state));
    let ids: Vec<_> = found.iter().map(|variant| variant.id).collect();
    let defaults = prices::defaults_of(&reader, &ids).await?;

    let found = convert::variants_with_prices(&found, &defaults);
    let by_sku: HashMap<&str, &pb::Variant> = found.iter().map(|variant| (variant.sku.as_str(), variant)).collect();
    let mut variants = skus.iter().filter_map(|sku| by_sku.get(sku.as_str()).copied().cloned()).collect();
    if page::fit(&mut variants) {
        return Err(Error::AnswerTooLarge { field: "skus", fitting: variants.len() });
    }
    Ok(pb::BatchGetVariantsResponse { variants })
}
