//! UpdateVariant: changes the fields of a variant that the mask names.

use std::mem;

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::UpdateVariant;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{Timestamp, VariantId};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::{prices, variants};
use crate::variant::VariantChange;
use crate::variant_key::VariantKey;

/// What is to be changed of which variant, and the etag that it must have.
struct Update {
    id: VariantId,
    etag: String,
    change: VariantChange,
    /// The caller, as it is stored.
    actor: String,
    now: Timestamp,
}

impl Handle<UpdateVariant> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::UpdateVariantRequest>,
    ) -> Result<pb::UpdateVariantResponse, Error> {
        let once = RequestKey::of::<UpdateVariant>(&mut call);
        let mut variant = call.request.variant.unwrap_or_default();
        let wanted = Update {
            id: convert::variant_to_change(&variant)?,
            etag: mem::take(&mut variant.etag),
            change: convert::variant_change(variant, call.request.update_mask)?,
            actor: call.caller.key(),
            now: self.clock.now(),
        };
        self.db.write_once(once, Serializable, wanted, update).await
    }
}

async fn update(tx: &Tx, wanted: &Update) -> Result<pb::UpdateVariantResponse, Error> {
    let before = variants::find(tx, &VariantKey::Id(wanted.id)).await?;
    let previous_state = before.state;

    let variant = before.change(wanted.change.clone(), &wanted.etag, wanted.now)?;

    variants::update(tx, &variant).await?;
    let event = Event::VariantUpdated { variant: &variant, previous_state };
    events::append(tx, event, &wanted.actor, wanted.now).await?;
    let defaults = prices::defaults_of(tx, &[wanted.id]).await?;
    Ok(pb::UpdateVariantResponse {
        variant: convert::variants_with_prices(&[variant], &defaults).pop(),
    })
}
