//! BatchGetVariants: several variants by their skus, in the order of the request.

use std::collections::{HashMap, HashSet};

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::BatchGetVariants;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{prices, variants};

impl Handle<BatchGetVariants> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::BatchGetVariantsRequest>,
    ) -> Result<pb::BatchGetVariantsResponse, Error> {
        let audience = convert::audience(&call.caller);
        let skus = call.request.skus;
        let reader = self.db.read();

        let mut found = variants::by_skus(&reader, &skus).await?;
        found.retain(|variant| audience.sees(variant.product_state));
        let ids: Vec<_> = found.iter().map(|variant| variant.id).collect();
        let defaults = prices::defaults_of(&reader, &ids).await?;

        let found = convert::variants_with_prices(&found, &defaults);
        let by_sku: HashMap<&str, &pb::Variant> =
            found.iter().map(|variant| (variant.sku.as_str(), variant)).collect();
        let mut variants =
            skus.iter().filter_map(|sku| by_sku.get(sku.as_str()).copied().cloned()).collect();
        convert::check_fits("skus", &mut variants)?;
        let mut seen = HashSet::new();
        let missing =
            skus.iter().filter(|sku| !by_sku.contains_key(sku.as_str()) && seen.insert(*sku));
        let missing_skus = missing.cloned().collect();
        Ok(pb::BatchGetVariantsResponse { variants, missing_skus })
    }
}
