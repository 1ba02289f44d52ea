//! Items of an import, wire ↔ domain: a bad item gets its own result and does not fail the call.

use souk_client::catalog::v1 as pb;
use souk_contract::Validate;
use souk_types::{ProductId, Timestamp};

use super::{amount, effective_time, price_audience, state};
use crate::error::Error;
use crate::import::{Item, ItemPrice, ItemVariant, Outcome, Read, Refusal};
use crate::state::State;

/// How many bytes an import's answer repeats of a key that cannot be read, and has of an error, at
/// most: 10,000 results are smaller than what a plain client reads.
const MAX_KEY_BYTES: usize = 100;
const MAX_MESSAGE_BYTES: usize = 200;

/// Reads one item of an import; its rules are the contract's, checked here so that a bad item gets
/// its own result.
pub fn import_item(item: pb::ImportedProduct, now: Timestamp) -> Read {
    let key = item.product.as_ref().map(|product| product.external_key.as_str());
    let key = cut(key.unwrap_or_default(), MAX_KEY_BYTES).to_owned();
    read_item(item, now).map_err(|refusal| (key, refusal))
}

/// Returns the beginning of a text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn read_item(item: pb::ImportedProduct, now: Timestamp) -> Result<Item, Refusal> {
    if let Err(violations) = item.validate() {
        let first = violations.iter().next();
        let (field, message) =
            first.map(|one| (one.field.clone(), one.description.to_string())).unwrap_or_default();
        return Err(Refusal { reason: pb::ErrorReason::InvalidItem, field, message });
    }
    let product = item.product.unwrap_or_default();
    if product.external_key.is_empty() {
        return Err(invalid("product.external_key".into(), "is required"));
    }
    if product.title.is_empty() {
        return Err(invalid("product.title".into(), "must have 1 to 200 characters"));
    }
    let variants = item.variants.into_iter().enumerate();
    let variants =
        variants.map(|(index, variant)| read_variant(&format!("variants[{index}]"), variant, now));
    Ok(Item {
        external_key: product.external_key,
        title: product.title,
        description: product.description,
        state: state(item.initial_state).unwrap_or(State::Active),
        labels: product.labels,
        metadata: product.metadata,
        variants: variants.collect::<Result<_, _>>()?,
    })
}

fn read_variant(
    place: &str,
    item: pb::ImportedVariant,
    now: Timestamp,
) -> Result<ItemVariant, Refusal> {
    let variant = item.variant.unwrap_or_default();
    if variant.sku.is_empty() {
        return Err(invalid(format!("{place}.variant.sku"), "is required"));
    }
    let mut prices = Vec::with_capacity(item.prices.len());
    for (index, price) in item.prices.into_iter().enumerate() {
        let refuse = |error| refusal_of(&format!("{place}.prices[{index}]"), error);
        prices.push(ItemPrice {
            amount: amount("unit_price", price.unit_price).map_err(refuse)?,
            effective_time: effective_time("effective_time", price.effective_time, now)
                .map_err(refuse)?,
            is_default: price.is_default,
            audience: price_audience(price.audience, "is_default", price.is_default)
                .map_err(refuse)?,
            channel: price.channel,
            metadata: price.metadata,
        });
    }
    Ok(ItemVariant {
        sku: variant.sku,
        title: variant.title,
        attributes: variant.attributes,
        metadata: variant.metadata,
        prices,
    })
}

/// Refuses an item for what is wrong at one place of it.
fn refusal_of(place: &str, error: Error) -> Refusal {
    match error {
        Error::Field(fault) => invalid(format!("{place}.{}", fault.field), &fault.problem),
        error => invalid(place.to_owned(), &error.to_string()),
    }
}

fn invalid(field: String, problem: &str) -> Refusal {
    Refusal { reason: pb::ErrorReason::InvalidItem, field, message: problem.to_owned() }
}

/// Records the outcome of an item.
pub fn import_result((external_key, outcome): (String, Outcome)) -> pb::ImportResult {
    let result = |outcome: pb::ImportOutcome,
                  product: ProductId,
                  variants: usize,
                  prices: usize| pb::ImportResult {
        outcome: outcome as i32,
        product_id: product.to_string(),
        created_variant_count: variants as i32,
        created_price_count: prices as i32,
        ..Default::default()
    };
    let result = match outcome {
        Outcome::Created { product, variants, prices } => {
            result(pb::ImportOutcome::Created, product, variants, prices)
        }
        Outcome::Extended { product, variants, prices } => {
            result(pb::ImportOutcome::Extended, product, variants, prices)
        }
        Outcome::Unchanged { product } => result(pb::ImportOutcome::Unchanged, product, 0, 0),
        Outcome::Failed(Refusal { reason, field, message }) => pb::ImportResult {
            outcome: pb::ImportOutcome::Failed as i32,
            error: Some(pb::ImportError {
                reason: reason.into(),
                field,
                message: cut(&message, MAX_MESSAGE_BYTES).to_owned(),
            }),
            ..Default::default()
        },
    };
    pb::ImportResult { external_key, ..result }
}
