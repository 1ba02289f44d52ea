//! The events of the catalogue, put into the outbox by the write that makes the change. The key of
//! all is the product.

use prost::Message;
use souk_client::catalog::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{EventId, PriceId, ProductId, Timestamp};

use crate::error::Error;
use crate::price::Price;
use crate::product::Product;
use crate::state::State;
use crate::variant::Variant;

/// What happened.
pub enum Event<'a> {
    ProductCreated(&'a Product),
    ProductUpdated { product: &'a Product, previous_state: State },
    VariantCreated(&'a Variant),
    VariantUpdated(&'a Variant),
    PriceCreated(&'a Price),
    PriceArchived(&'a Price),
    DefaultPriceChanged { price: &'a Price, previous: PriceId },
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
    let new = events.into_iter().map(|event| {
        let (kind, product, payload) = event.envelope(at);
        let kind = format!("souk.catalog.v1.{kind}");
        NewEvent { id: EventId::new(at), kind, key: product.to_string(), payload, time: at }
    });
    let new: Vec<NewEvent> = new.collect();
    Ok(outbox::append_all(tx, &new).await?)
}

impl Event<'_> {
    fn envelope(&self, at: Timestamp) -> (&'static str, ProductId, Vec<u8>) {
        match self {
            Event::ProductCreated(product) => {
                let event = pb::ProductCreated { product: Some((*product).into()) };
                ("ProductCreated", product.id, event.encode_to_vec())
            }
            Event::ProductUpdated { product, previous_state } => {
                let previous_state = *previous_state as i32;
                let event = pb::ProductUpdated { product: Some((*product).into()), previous_state };
                ("ProductUpdated", product.id, event.encode_to_vec())
            }
            Event::VariantCreated(variant) => {
                let event = pb::VariantCreated { variant: Some((*variant).into()) };
                ("VariantCreated", variant.product, event.encode_to_vec())
            }
            Event::VariantUpdated(variant) => {
                let event = pb::VariantUpdated { variant: Some((*variant).into()) };
                ("VariantUpdated", variant.product, event.encode_to_vec())
            }
            Event::PriceCreated(price) => {
                let event = pb::PriceCreated { price: Some((*price).into()) };
                ("PriceCreated", price.product, event.encode_to_vec())
            }
            Event::PriceArchived(price) => {
                let event = pb::PriceArchived { price: Some((*price).into()) };
                ("PriceArchived", price.product, event.encode_to_vec())
            }
            Event::DefaultPriceChanged { price, previous } => {
                let price_now = Some((*price).into());
                let previous_price_id = previous.to_string();
                let change_time = Some(at.into());
                let event =
                    pb::DefaultPriceChanged { price: price_now, previous_price_id, change_time };
                ("DefaultPriceChanged", price.product, event.encode_to_vec())
            }
        }
    }
}
