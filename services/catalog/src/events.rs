//! The events of the catalogue, put into the outbox by the write that makes the change. The key of
//! all is the product.

use souk_client::catalog::v1 as pb;
use souk_client::types::v1::Actor;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::Timestamp;

use crate::error::Error;
use crate::price::Price;
use crate::product::Product;
use crate::state::State;
use crate::variant::Variant;
use crate::variant_state::VariantState;

/// What happened.
pub enum Event<'a> {
    ProductCreated(&'a Product),
    ProductUpdated { product: &'a Product, previous_state: State },
    VariantCreated(&'a Variant),
    VariantUpdated { variant: &'a Variant, previous_state: VariantState },
    PriceCreated(&'a Price),
    PriceArchived(&'a Price),
    DefaultPriceChanged { price: &'a Price, previous: Option<&'a Price> },
    DefaultPriceCleared(&'a Price),
}

/// Puts an event into the outbox. `actor` is the key of the caller who made the change.
pub async fn append(tx: &Tx, event: Event<'_>, actor: &str, at: Timestamp) -> Result<(), Error> {
    append_all(tx, [event], actor, at).await
}

/// Puts events into the outbox, in order.
pub async fn append_all(
    tx: &Tx,
    events: impl IntoIterator<Item = Event<'_>>,
    actor: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let new: Vec<NewEvent> = events.into_iter().map(|event| event.message(actor, at)).collect();
    Ok(outbox::append_all(tx, &new).await?)
}

impl Event<'_> {
    fn message(&self, actor: &str, at: Timestamp) -> NewEvent {
        let actor = Actor::from_stored(actor);
        match *self {
            Event::ProductCreated(product) => {
                let product = Some(product.into());
                NewEvent::new(&pb::ProductCreated { product, actor }, at)
            }
            Event::ProductUpdated { product, previous_state } => {
                let previous_state = previous_state as i32;
                let product = Some(product.into());
                NewEvent::new(&pb::ProductUpdated { product, previous_state, actor }, at)
            }
            Event::VariantCreated(variant) => {
                let variant = Some(variant.into());
                NewEvent::new(&pb::VariantCreated { variant, actor }, at)
            }
            Event::VariantUpdated { variant, previous_state } => {
                let previous_state = previous_state as i32;
                let variant = Some(variant.into());
                NewEvent::new(&pb::VariantUpdated { variant, previous_state, actor }, at)
            }
            Event::PriceCreated(price) => {
                NewEvent::new(&pb::PriceCreated { price: Some(price.into()), actor }, at)
            }
            Event::PriceArchived(price) => {
                NewEvent::new(&pb::PriceArchived { price: Some(price.into()), actor }, at)
            }
            Event::DefaultPriceChanged { price, previous } => {
                let event = pb::DefaultPriceChanged {
                    price: Some(price.into()),
                    previous_price_id: previous
                        .map(|price| price.id.to_string())
                        .unwrap_or_default(),
                    change_time: Some(at.into()),
                    actor,
                    previous_unit_price: previous.map(|price| price.amount.into()),
                };
                NewEvent::new(&event, at)
            }
            Event::DefaultPriceCleared(price) => {
                let price = Some(price.into());
                let clear_time = Some(at.into());
                NewEvent::new(&pb::DefaultPriceCleared { price, clear_time, actor }, at)
            }
        }
    }
}
