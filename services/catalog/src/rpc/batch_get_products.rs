//! BatchGetProducts: several products by their ids, in the order of the request.

use std::collections::{HashMap, HashSet};

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::BatchGetProducts;
use souk_contract::{Call, Handle};
use souk_types::ProductId;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::store::products;

impl Handle<BatchGetProducts> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<pb::BatchGetProductsRequest>,
    ) -> Result<pb::BatchGetProductsResponse, Error> {
        let audience = convert::audience(&call.caller);
        let ids = convert::product_ids(&call.request.product_ids)?;

        let mut found = products::by_ids(&self.db.read(), &ids).await?;
        found.retain(|product| audience.sees(product.state));

        let found: HashMap<ProductId, pb::Product> =
            found.iter().map(|product| (product.id, product.into())).collect();
        let mut products = ids.iter().filter_map(|id| found.get(id).cloned()).collect();
        convert::check_fits("product_ids", &mut products)?;
        let mut seen = HashSet::new();
        let missing = ids.iter().filter(|id| !found.contains_key(*id) && seen.insert(**id));
        let missing_product_ids = missing.map(ProductId::to_string).collect();
        Ok(pb::BatchGetProductsResponse { products, missing_product_ids })
    }
}
