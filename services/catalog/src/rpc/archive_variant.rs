//! ArchiveVariant: takes a variant off sale, and no longer shows it.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ArchiveVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::CatalogRpc;
use super::variant_state::{self, Wanted};
use crate::error::Error;
use crate::variant_state::VariantState;

impl Handle<ArchiveVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ArchiveVariantRequest>,
    ) -> Result<pb::ArchiveVariantResponse, Error> {
        let once = RequestKey::of::<ArchiveVariant>(&mut call);
        let wanted = Wanted {
            id: call.request.variant_id()?,
            etag: call.request.etag,
            state: VariantState::Archived,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, archive).await
    }
}

async fn archive(tx: &Tx, wanted: &Wanted) -> Result<pb::ArchiveVariantResponse, Error> {
    Ok(pb::ArchiveVariantResponse { variant: variant_state::change(tx, wanted).await? })
}
