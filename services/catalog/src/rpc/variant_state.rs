//! What EnableVariant, DisableVariant and ArchiveVariant share.

use souk_client::catalog::v1 as pb;
use souk_data::Tx;
use souk_types::{Timestamp, VariantId};

use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::{prices, variants};
use crate::variant::check_room;
use crate::variant_key::VariantKey;
use crate::variant_state::VariantState;

/// Which variant is to have which state, and the etag that it must have.
pub struct Wanted {
    pub id: VariantId,
    pub etag: String,
    pub state: VariantState,
    /// The caller, as it is stored.
    pub actor: String,
    pub now: Timestamp,
}

/// Changes the state of a variant and returns it; in the wanted state already, nothing is written.
pub async fn change(tx: &Tx, wanted: &Wanted) -> Result<Option<pb::Variant>, Error> {
    let before = variants::find(tx, &VariantKey::Id(wanted.id)).await?;
    let previous_state = before.state;

    let variant = before.change_state(wanted.state, &wanted.etag, wanted.now)?;

    if variant.state != previous_state {
        if previous_state == VariantState::Archived {
            check_room(variant.product, variants::count(tx, variant.product).await?)?;
        }
        variants::update(tx, &variant).await?;
        let event = Event::VariantUpdated { variant: &variant, previous_state };
        events::append(tx, event, &wanted.actor, wanted.now).await?;
    }
    let defaults = prices::defaults_of(tx, &[wanted.id]).await?;
    Ok(convert::variants_with_prices(&[variant], &defaults).pop())
}
