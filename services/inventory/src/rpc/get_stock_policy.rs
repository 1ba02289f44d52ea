//! GetStockPolicy: how a sku may be sold.

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::GetStockPolicy;
use souk_contract::{Call, Handle};

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

impl Handle<GetStockPolicy> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::GetStockPolicyRequest>,
    ) -> Result<pb::GetStockPolicyResponse, Error> {
        let policy = store::stock_policy::get(&self.db.read(), call.request.sku).await?;
        Ok(pb::GetStockPolicyResponse { stock_policy: Some(policy.into()) })
    }
}
