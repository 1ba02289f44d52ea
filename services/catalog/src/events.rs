//! The events of the catalogue, put into the outbox by the write that makes the change. The key of
//! all is the product.

use souk_client::catalog::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{PriceId, Timestamp};

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
    DefaultPriceChanged { price: &'a Price, previous: Option<PriceId> },
    DefaultPriceCleared(&'a Price),
}

/// Puts an event into the outbox.
pub async fn append(tx: &Tx, event: Event<'_>, at: Timestamp) -> Result<(), Error> {
    append_all(tx, [event], at).await
}

/// Puts events into the outbox, in order.
pub async fn append_all(
    tx: &Tx,
    events: impl IntoIterator<Item = Event<'_>>,
    at: Timestamp,
) -> Result<(), Error> {
    let new: Vec<NewEvent> = events.into_iter().map(|event| event.message(at)).collect();
    Ok(outbox::append_all(tx, &new).await?)
}

impl Event<'_> {
    fn message(&self, at: Timestamp) -> NewEvent {
        match *self {
            Event::ProductCreated(product) => {
                NewEvent::new(&pb::ProductCreated { product: Some(product.into()) }, at)
            }
            Event::ProductUpdated { product, previous_state } => {
                let previous_state = previous_state as i32;
                let event = pb::ProductUpdated { product: Some(product.into()), previous_state };
                NewEvent::new(&event, at)
            }
            Event::VariantCreated(variant) => {
                NewEvent::new(&pb::VariantCreated { variant: Some(variant.into()) }, at)
            }
            Event::VariantUpdated { variant, previous_state } => {
                let previous_state = previous_state as i32;
                let event = pb::VariantUpdated { variant: Some(variant.into()), previous_state };
                NewEvent::new(&event, at)
            }
            Event::PriceCreated(price) => {
                NewEvent::new(&pb::PriceCreated { price: Some(price.into()) }, at)
            }
            Event::PriceArchived(price) => {
                NewEvent::new(&pb::PriceArchived { price: Some(price.into()) }, at)
            }
            Event::DefaultPriceChanged { price, previous } => {
                let event = pb::DefaultPriceChanged {
                    price: Some(price.into()),
                    previous_price_id: previous.map(|id| id.to_string()).unwrap_or_default(),
                    change_time: Some(at.into()),
                };
                NewEvent::new(&event, at)
            }
            Event::DefaultPriceCleared(price) => {
                let clear_time = Some(at.into());
                NewEvent::new(
                    &pb::DefaultPriceCleared { price: Some(price.into()), clear_time },
                    at,
                )
            }
        }
    }
}
