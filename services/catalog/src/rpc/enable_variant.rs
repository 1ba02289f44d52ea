//! EnableVariant: puts a variant on sale.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::EnableVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::variant_state::{self, Wanted};
use crate::error::Error;
use crate::variant_state::VariantState;

impl Handle<EnableVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::EnableVariantRequest>,
    ) -> Result<pb::EnableVariantResponse, Error> {
        let once = RequestKey::of::<EnableVariant>(&mut call);
        let wanted = Wanted {
            id: call.request.variant_id()?,
            etag: call.request.etag,
            state: VariantState::Active,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, enable).await
    }
}

async fn enable(tx: &Tx, wanted: &Wanted) -> Result<pb::EnableVariantResponse, Error> {
    Ok(pb::EnableVariantResponse { variant: variant_state::change(tx, wanted).await? })
}
