//! Items of an import, wire ↔ domain: a bad item gets its own result and does not fail the call.

use souk_client::catalog::v1 as pb;
use souk_contract::Validate;
use souk_types::{ProductId, Timestamp};

use super::{amount, effective_time, price_audience, state};
use crate::error::Error;
use crate::import::{Item, ItemPrice, ItemVariant, Outcome, Read, Refusal};
use crate::state::State;

/// How many characters of a key that cannot be read an import's answer repeats.
const MAX_KEY_SHOWN: usize = 100;

/// Reads one item of an import; its rules are the contract's, checked here so that a bad item gets
/// its own result.
pub fn import_item(request: pb::ImportProductsRequest, now: Timestamp) -> Read {
    let product = request.product.unwrap_or_default();
    let key: String = product.external_key.chars().take(MAX_KEY_SHOWN).collect();
    read_item(product, now).map_err(|refusal| (key, refusal))
}

fn read_item(product: pb::ImportedProduct, now: Timestamp) -> Result<Item, Refusal> {
    if let Err(violations) = product.validate() {
        let first = violations.iter().next();
        let (field, message) =
            first.map(|one| (one.field.clone(), one.description.to_string())).unwrap_or_default();
        return Err(Refusal { reason: pb::ErrorReason::InvalidItem.as_str_name(), field, message });
    }
    let variants = product.variants.into_iter().enumerate();
    let variants =
        variants.map(|(index, variant)| read_variant(&format!("variants[{index}]"), variant, now));
    Ok(Item {
        external_key: product.external_key,
        title: product.title,
        description: product.description,
        state: state(product.state).unwrap_or(State::Active),
        labels: product.labels,
        variants: variants.collect::<Result<_, _>>()?,
    })
}

fn read_variant(
    place: &str,
    variant: pb::ImportedVariant,
    now: Timestamp,
) -> Result<ItemVariant, Refusal> {
    let mut prices = Vec::with_capacity(variant.prices.len());
    for (index, price) in variant.prices.into_iter().enumerate() {
        let refuse = |error| refusal_of(&format!("{place}.prices[{index}]"), error);
        prices.push(ItemPrice {
            amount: amount("unit_price", price.unit_price).map_err(refuse)?,
            effective_time: effective_time("effective_time", price.effective_time, now)
                .map_err(refuse)?,
            is_default: price.is_default,
            audience: price_audience(price.audience, "is_default", price.is_default)
                .map_err(refuse)?,
        });
    }
    Ok(ItemVariant {
        sku: variant.sku,
        title: variant.title,
        attributes: variant.attributes,
        prices,
    })
}

/// Refuses an item for what is wrong at one place of it.
fn refusal_of(place: &str, error: Error) -> Refusal {
    let (reason, fault) = match error {
        Error::AmountOutOfRange(fault) => (pb::ErrorReason::AmountOutOfRange, fault),
        Error::Time(fault) => (pb::ErrorReason::InvalidTime, fault),
        Error::Field(fault) => (pb::ErrorReason::InvalidItem, fault),
        error => {
            let reason = pb::ErrorReason::InvalidItem.as_str_name();
            let field = place.to_owned();
            return Refusal { reason, field, message: error.to_string() };
        }
    };
    Refusal {
        reason: reason.as_str_name(),
        field: format!("{place}.{}", fault.field),
        message: fault.problem,
    }
}

/// Records the outcome of an item.
pub fn import_result((external_key, outcome): (String, Outcome)) -> pb::ImportResult {
    let result = |outcome: pb::ImportOutcome,
                  product: ProductId,
                  variants: usize,
                  prices: usize| pb::ImportResult {
        outcome: outcome as i32,
        product_id: product.to_string(),
        variants_created: variants as i32,
        prices_created: prices as i32,
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
            error: Some(pb::ImportError { reason: reason.to_owned(), field, message }),
            ..Default::default()
        },
    };
    pb::ImportResult { external_key, ..result }
}
