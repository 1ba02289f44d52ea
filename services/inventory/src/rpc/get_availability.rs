//! GetAvailability: what can be bought of several skus, at all locations together.

use std::collections::{BTreeSet, HashMap};

use souk_chassis::Context;
use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::GetAvailability;
use souk_contract::{Call, EVERY_SCOPE, Handle};

use super::InventoryRpc;
use crate::availability::Availability;
use crate::error::Error;
use crate::policy::StockPolicy;
use crate::store;
use crate::store::stock::Total;

/// The scope whose holder sees all units.
const READ: &str = "inventory.read";

impl Handle<GetAvailability> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::GetAvailabilityRequest>,
    ) -> Result<pb::GetAvailabilityResponse, Error> {
        let pb::GetAvailabilityRequest { skus, location_ids } = call.request;
        let sees_all = Context::current().is_some_and(|context| {
            context.scopes().iter().any(|scope| scope == READ || scope == EVERY_SCOPE)
        });
        let distinct: BTreeSet<&str> = skus.iter().map(String::as_str).collect();
        let distinct: Vec<&str> = distinct.into_iter().collect();

        let reader = self.db.read();
        let totals = store::stock::totals(&reader, &distinct, &location_ids).await?;
        let policies = store::stock_policy::of(&reader, &distinct).await?;

        let totals: HashMap<&str, &Total> =
            totals.iter().map(|total| (total.sku.as_str(), total)).collect();
        let availability = |sku: &String| {
            let initial = StockPolicy::of(sku.clone());
            let policy = policies.get(sku).unwrap_or(&initial);
            let (available, backorderable) = totals
                .get(sku.as_str())
                .map_or((0, 0), |total| (total.available, total.backorderable));
            let exact = Availability::of(policy, available, backorderable);
            pb::Availability::from(if sees_all { exact } else { exact.told_to_all() })
        };
        let availabilities = skus.iter().map(availability).collect();
        Ok(pb::GetAvailabilityResponse { availabilities })
    }
}
