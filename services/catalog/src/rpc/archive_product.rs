//! ArchiveProduct: takes a product off sale.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ArchiveProduct;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::product_state::{self, Wanted};
use crate::error::Error;
use crate::state::StateChange;

impl Handle<ArchiveProduct> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ArchiveProductRequest>,
    ) -> Result<pb::ArchiveProductResponse, Error> {
        let once = RequestKey::of::<ArchiveProduct>(&mut call);
        let wanted = Wanted {
            id: call.request.product_id()?,
            etag: call.request.etag,
            change: StateChange::Archive,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, archive).await
    }
}

async fn archive(tx: &Tx, wanted: &Wanted) -> Result<pb::ArchiveProductResponse, Error> {
    Ok(pb::ArchiveProductResponse { product: product_state::change(tx, wanted).await? })
}
