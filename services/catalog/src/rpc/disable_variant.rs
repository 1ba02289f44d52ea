//! DisableVariant: takes a variant off sale, and still shows it.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::DisableVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::variant_state::{self, Wanted};
use crate::error::Error;
use crate::variant_state::VariantState;

impl Handle<DisableVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::DisableVariantRequest>,
    ) -> Result<pb::DisableVariantResponse, Error> {
        let once = RequestKey::of::<DisableVariant>(&mut call);
        let wanted = Wanted {
            id: call.request.variant_id()?,
            etag: call.request.etag,
            state: VariantState::Disabled,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, disable).await
    }
}

async fn disable(tx: &Tx, wanted: &Wanted) -> Result<pb::DisableVariantResponse, Error> {
    Ok(pb::DisableVariantResponse { variant: variant_state::change(tx, wanted).await? })
}
