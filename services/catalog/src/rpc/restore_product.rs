//! RestoreProduct: puts an archived product on sale again.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::RestoreProduct;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::product_state::{self, Wanted};
use crate::error::Error;
use crate::state::StateChange;

impl Handle<RestoreProduct> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::RestoreProductRequest>,
    ) -> Result<pb::RestoreProductResponse, Error> {
        let once = RequestKey::of::<RestoreProduct>(&mut call);
        let wanted = Wanted {
            id: call.request.product_id()?,
            etag: call.request.etag,
            change: StateChange::Restore,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, restore).await
    }
}

async fn restore(tx: &Tx, wanted: &Wanted) -> Result<pb::RestoreProductResponse, Error> {
    Ok(pb::RestoreProductResponse { product: product_state::change(tx, wanted).await? })
}
