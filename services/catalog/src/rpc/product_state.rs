//! What PublishProduct, ArchiveProduct and RestoreProduct share.

use souk_client::catalog::v1 as pb;
use souk_data::Tx;
use souk_types::{ProductId, Timestamp};

use crate::error::Error;
use crate::events::{self, Event};
use crate::state::StateChange;
use crate::store::products;

/// Which state of which product is to be changed, and the etag that it must have.
pub struct Wanted {
    pub id: ProductId,
    pub etag: String,
    pub change: StateChange,
    /// The caller, as it is stored.
    pub actor: String,
    pub now: Timestamp,
}

/// Changes the state of a product and returns it; in the wanted state already, nothing is written.
pub async fn change(tx: &Tx, wanted: &Wanted) -> Result<Option<pb::Product>, Error> {
    let before = products::find(tx, wanted.id).await?;
    let previous_state = before.state;

    let product = before.change_state(wanted.change, &wanted.etag, wanted.now)?;

    if product.state != previous_state {
        products::update(tx, &product).await?;
        let event = Event::ProductUpdated { product: &product, previous_state };
        events::append(tx, event, &wanted.actor, wanted.now).await?;
    }
    Ok(Some((&product).into()))
}
