//! ImportProducts: imports a stream of products and returns the outcome of each, in order.

use std::mem;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ImportProducts;
use souk_contract::{Call, Handle, Requests};
use souk_data::Isolation::Serializable;
use souk_data::Tx;
use souk_types::Timestamp;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::import::{self, Outcome, Read};
use crate::store::imports;

/// The most items of one call.
const MAX_ITEMS: usize = 10_000;

/// How many items are written at once: enough to amortise a commit, few enough that other writes do
/// not wait long.
const GROUP_ITEMS: usize = 200;

/// How many variants and prices are written at once, unless a single item has more.
const GROUP_ROWS: usize = 2_000;

impl Handle<ImportProducts> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<Requests<pb::ImportProductsRequest>>,
    ) -> Result<pb::ImportProductsResponse, Error> {
        let mut items = call.request;
        let mut import = Import { rpc: self, group: vec![], rows: 0, outcomes: vec![] };
        while let Some(item) = items.message().await? {
            import.take(item).await?;
        }
        import.finish().await
    }
}

/// An import in progress: the group being filled, and the outcomes of the items before it.
struct Import<'a> {
    rpc: &'a CatalogRpc,
    group: Vec<Read>,
    rows: usize,
    outcomes: Vec<(String, Outcome)>,
}

impl Import<'_> {
    async fn take(&mut self, message: pb::ImportProductsRequest) -> Result<(), Error> {
        if self.outcomes.len() + self.group.len() == MAX_ITEMS {
            self.write().await?;
            return Err(Error::TooManyItems(MAX_ITEMS));
        }
        let item = convert::import_item(message, self.rpc.clock.now());
        self.rows += item.as_ref().map_or(0, import::Item::rows);
        self.group.push(item);
        if self.group.len() >= GROUP_ITEMS || self.rows >= GROUP_ROWS {
            self.write().await?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<pb::ImportProductsResponse, Error> {
        self.write().await?;
        Ok(pb::ImportProductsResponse {
            results: self.outcomes.into_iter().map(convert::import_result).collect(),
        })
    }

    /// Decides about the group and writes what is new, all in one transaction.
    async fn write(&mut self) -> Result<(), Error> {
        if self.group.is_empty() {
            return Ok(());
        }
        let group = mem::take(&mut self.group);
        self.rows = 0;
        let now = self.rpc.clock.now();
        let written = self.rpc.db.write(Serializable, (group, now), write_group).await?;
        self.outcomes.extend(written);
        Ok(())
    }
}

async fn write_group(
    tx: &Tx,
    &(ref group, now): &(Vec<Read>, Timestamp),
) -> Result<Vec<(String, Outcome)>, Error> {
    let present = imports::present(tx, group).await?;

    let plan = import::plan(group, present, now);

    imports::insert(tx, &plan, now).await?;
    let products = plan.products.iter().map(Event::ProductCreated);
    let variants = plan.variants.iter().map(Event::VariantCreated);
    let prices = plan.prices.iter().map(Event::PriceCreated);
    events::append_all(tx, products.chain(variants).chain(prices), now).await?;
    Ok(plan.outcomes)
}
