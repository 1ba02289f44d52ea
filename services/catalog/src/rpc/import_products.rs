//! ImportProducts: stores a stream of products, and starts the operation that imports them.

use std::mem;

use prost::Message;
use sha2::{Digest, Sha256};
use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ImportProducts;
use souk_contract::{Call, Handle, Method as _, Requests};
use souk_data::Isolation::{ReadCommitted, Serializable};
use souk_data::Tx;
use souk_data::operation::{self, Model, NewOperation};
use souk_operations::any;
use souk_types::{OperationId, Timestamp};

use super::CatalogRpc;
use crate::error::Error;
use crate::store::import_groups;

/// The most items of one call, and their most bytes.
const MAX_ITEMS: usize = 10_000;
const MAX_BYTES: usize = 64 << 20;

/// How many items are imported at once: enough to amortise a commit, few enough that other writes
/// do not wait long.
const GROUP_ITEMS: usize = 200;

/// How many variants and prices, and bytes, are imported at once, unless a single item has more.
const GROUP_ROWS: usize = 2_000;
const GROUP_BYTES: usize = 1 << 20;

impl Handle<ImportProducts> for CatalogRpc {
    async fn handle(
        &self,
        call: Call<Requests<pb::ImportProductsRequest>>,
    ) -> Result<pb::ImportProductsResponse, Error> {
        let id = OperationId::new(self.clock.now());
        let taken = take(self, id, call.caller.key(), call.request).await;
        if !matches!(&taken, Ok(operation) if operation.operation_id == id) {
            // It broke off, or it was here before.
            self.db.write(ReadCommitted, id, forget).await?;
        }
        let operation = souk_operations::answer(self.service, &taken?)?;
        Ok(pb::ImportProductsResponse { operation: Some(operation) })
    }
}

/// Stores all items, then starts the operation, unless the same request started one before.
async fn take(
    rpc: &CatalogRpc,
    id: OperationId,
    caller: String,
    mut items: Requests<pb::ImportProductsRequest>,
) -> Result<Model, Error> {
    let mut intake = Intake::new(rpc, id);
    let mut request_id = String::new();
    while let Some(message) = items.message().await? {
        match (intake.items, message.request_id.is_empty()) {
            (0, false) => request_id = message.request_id,
            (0, true) => {
                return Err(Error::field("request_id", "is required in the first message"));
            }
            (_, true) => {}
            (_, false) => {
                return Err(Error::field("request_id", "must be empty after the first message"));
            }
        }
        intake.take(&message.item.unwrap_or_default()).await?;
    }
    if request_id.is_empty() {
        return Err(Error::field("request_id", "is required in the first message"));
    }
    intake.store().await?;
    let metadata =
        pb::ImportProductsMetadata { item_count: intake.items as i32, ..Default::default() };
    let new = NewOperation {
        id,
        method: ImportProducts::PATH,
        caller,
        request_id,
        request_hash: intake.hash.finalize().to_vec(),
        metadata: any(&metadata),
    };
    rpc.db.write(Serializable, (new, rpc.clock.now()), start).await
}

async fn start(tx: &Tx, (new, now): &(NewOperation, Timestamp)) -> Result<Model, Error> {
    Ok(operation::start(tx, new, *now).await?)
}

async fn forget(tx: &Tx, id: &OperationId) -> Result<(), Error> {
    import_groups::delete(tx, *id).await
}

/// A stream that is being stored: the group that is being filled, and what came before it.
struct Intake<'a> {
    rpc: &'a CatalogRpc,
    id: OperationId,
    hash: Sha256,
    items: usize,
    bytes: usize,
    groups: i64,
    group: Vec<u8>,
    group_items: usize,
    group_rows: usize,
}

impl<'a> Intake<'a> {
    fn new(rpc: &'a CatalogRpc, id: OperationId) -> Self {
        Intake {
            rpc,
            id,
            hash: Sha256::new(),
            items: 0,
            bytes: 0,
            groups: 0,
            group: vec![],
            group_items: 0,
            group_rows: 0,
        }
    }

    async fn take(&mut self, item: &pb::ImportedProduct) -> Result<(), Error> {
        let bytes = item.encode_length_delimited_to_vec();
        self.items += 1;
        self.bytes += bytes.len();
        if self.items > MAX_ITEMS {
            return Err(Error::TooManyItems(MAX_ITEMS));
        }
        if self.bytes > MAX_BYTES {
            return Err(Error::ImportTooLarge(MAX_BYTES));
        }
        self.hash.update(&bytes);
        self.group.extend(bytes);
        self.group_items += 1;
        self.group_rows += item.variants.iter().map(|one| 1 + one.prices.len()).sum::<usize>();
        let is_full = self.group_items >= GROUP_ITEMS
            || self.group_rows >= GROUP_ROWS
            || self.group.len() >= GROUP_BYTES;
        if is_full {
            self.store().await?;
        }
        Ok(())
    }

    /// Stores the group, if there is one.
    async fn store(&mut self) -> Result<(), Error> {
        if self.group_items == 0 {
            return Ok(());
        }
        let group = (self.id, self.groups, mem::take(&mut self.group));
        self.rpc.db.write(ReadCommitted, group, insert).await?;
        self.groups += 1;
        self.group_items = 0;
        self.group_rows = 0;
        Ok(())
    }
}

async fn insert(tx: &Tx, (id, number, items): &(OperationId, i64, Vec<u8>)) -> Result<(), Error> {
    import_groups::insert(tx, *id, *number, items).await
}
