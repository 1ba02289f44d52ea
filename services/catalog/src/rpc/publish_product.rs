//! PublishProduct: puts a draft on sale.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::PublishProduct;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::product_state::{self, Wanted};
use crate::error::Error;
use crate::state::StateChange;

impl Handle<PublishProduct> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::PublishProductRequest>,
    ) -> Result<pb::PublishProductResponse, Error> {
        let once = RequestKey::of::<PublishProduct>(&mut call);
        let wanted = Wanted {
            id: call.request.product_id()?,
            etag: call.request.etag,
            change: StateChange::Publish,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, publish).await
    }
}

async fn publish(tx: &Tx, wanted: &Wanted) -> Result<pb::PublishProductResponse, Error> {
    Ok(pb::PublishProductResponse { product: product_state::change(tx, wanted).await? })
}
