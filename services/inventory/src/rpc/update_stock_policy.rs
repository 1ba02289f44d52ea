//! UpdateStockPolicy: changes how a sku may be sold.

use std::collections::BTreeSet;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::UpdateStockPolicy;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::{RequestKey, Tx};
use souk_types::Timestamp;

use super::InventoryRpc;
use crate::convert;
use crate::error::Error;
use crate::policy::{Policy, PolicyChange, StockPolicy};
use crate::stock;
use crate::stock_key::StockKey;
use crate::store;

/// What is to be changed of which policy, and the etag that it must have.
struct Update {
    sku: String,
    etag: String,
    change: PolicyChange,
    now: Timestamp,
}

impl Handle<UpdateStockPolicy> for InventoryRpc {
    async fn handle(
        &self,
        mut call: Call<pb::UpdateStockPolicyRequest>,
    ) -> Result<pb::UpdateStockPolicyResponse, Error> {
        let once = RequestKey::of::<UpdateStockPolicy>(&mut call);
        let request = call.request;
        let wanted =
            request.stock_policy.ok_or_else(|| Error::field("stock_policy", "is required"))?;
        let update_of = Update {
            sku: wanted.sku.clone(),
            etag: wanted.etag.clone(),
            change: convert::policy_change(wanted, request.update_mask)?,
            now: self.clock.now(),
        };
        self.db.write_once(once, ReadCommitted, update_of, update).await
    }
}

async fn update(tx: &Tx, wanted: &Update) -> Result<pb::UpdateStockPolicyResponse, Error> {
    let before = store::stock_policy::lock(tx, &wanted.sku).await?;

    let after = before.change(wanted.change.clone(), &wanted.etag, wanted.now)?;

    set_limits(tx, &after, wanted.now).await?;
    store::stock_policy::update(tx, &after).await?;
    Ok(pb::UpdateStockPolicyResponse { stock_policy: Some(after.into()) })
}

/// Writes to the stock of the sku how many units may be promised beyond those on hand: there a
/// reservation reads it under the lock of the stock, so that none ever exceeds it.
async fn set_limits(tx: &Tx, policy: &StockPolicy, now: Timestamp) -> Result<(), Error> {
    store::location::check(tx, BTreeSet::from([policy.backorder_location.as_str()])).await?;
    if policy.policy == Policy::Backorder {
        let location = policy.backorder_location.clone();
        let key = StockKey { sku: policy.sku.clone(), location };
        store::stock::insert_missing(tx, std::iter::once(&key), now).await?;
    }
    for before in store::stock::lock_sku(tx, &policy.sku).await? {
        let limit = policy.limit_at(&before.key.location);
        if limit != before.backorder_limit {
            let after = stock::limit(&before, limit, now)?;
            store::stock::set_backorder_limit(tx, &after).await?;
        }
    }
    Ok(())
}
