//! Wire ↔ domain: the only place where wire data becomes trusted data.

mod import;

use sea_orm::ActiveEnum;
use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_client::types::v1 as types;
use souk_contract::FieldError;
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use crate::error::Error;
use crate::item::Wanted;
use crate::price::{Offer, OfferedPrice, Price, check_amount};
use crate::price_audience::PriceAudience;
use crate::product::{Audience, Labels, Product, ProductChange, etag};
use crate::state::State;
use crate::variant::{Variant, VariantChange};
use crate::variant_key::VariantKey;

pub use import::{import_item, import_result};

/// Returns who reads.
pub fn audience(caller: &Caller) -> Audience {
    match caller {
        Caller::Staff(_) | Caller::Service(_) => Audience::Shop,
        Caller::User(_) | Caller::Anonymous => Audience::Public,
    }
}

/// Reads a variant id from a oneof; the contract has checked its form already.
fn variant_id(text: &str) -> Result<VariantId, Error> {
    text.parse().map_err(|error| Error::field("variant_id", error))
}

/// Reads a price id from a oneof.
fn price_id(text: &str) -> Result<PriceId, Error> {
    text.parse().map_err(|error| Error::field("price_id", error))
}

/// Reads a currency that things can be sold in.
pub fn currency(text: &str) -> Result<Currency, Error> {
    let currency = text.parse().and_then(Currency::of_commerce);
    currency.map_err(|error| Error::field("currency_code", error))
}

/// Reads the amount of a price.
pub fn amount(name: &'static str, money: Option<types::Money>) -> Result<Money, Error> {
    let money = money.ok_or_else(|| Error::field(name, "is required"))?;
    let money = Money::try_from(money).map_err(|error| Error::field(name, error))?;
    money.currency.of_commerce().map_err(|error| Error::field(name, error))?;
    check_amount(name, money)
}

/// Reads a time within the calendar.
pub fn time(name: &str, time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Error> {
    let time = time.map(Timestamp::try_from).transpose();
    time.map_err(|_| Error::Time(FieldError::new(name, "must be in the years 1 to 9999")))
}

/// Reads an effective time; it must not be in the future.
pub fn effective_time(
    name: &str,
    effective_time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let effective_time = time(name, effective_time)?;
    if effective_time.is_some_and(|time| time > now) {
        return Err(Error::Time(FieldError::new(name, "must not be in the future")));
    }
    Ok(effective_time)
}

/// Reads a state; none when it is not specified.
pub fn state(number: i32) -> Option<State> {
    State::try_from_value(&number.into()).ok()
}

/// Reads the audience of a new price; none when it is not specified. A default is public.
pub fn price_audience(
    number: i32,
    default_field: &'static str,
    is_default: bool,
) -> Result<Option<PriceAudience>, Error> {
    let audience = match pb::PriceAudience::try_from(number).unwrap_or_default() {
        pb::PriceAudience::Unspecified => None,
        pb::PriceAudience::Public => Some(PriceAudience::Public),
        pb::PriceAudience::Restricted => Some(PriceAudience::Restricted),
    };
    if is_default && audience == Some(PriceAudience::Restricted) {
        return Err(Error::field(default_field, "must be false when the audience is RESTRICTED"));
    }
    Ok(audience)
}

/// Makes the product that is asked for.
pub fn new_product(request: pb::CreateProductRequest, now: Timestamp) -> Product {
    Product {
        id: ProductId::new(now),
        title: request.title,
        description: request.description,
        state: state(request.state).unwrap_or(State::Draft),
        labels: request.labels,
        external_key: None,
        version: 1,
        create_time: now,
        update_time: now,
    }
}

/// Reads what is to be changed of a product.
pub fn product_change(request: pb::UpdateProductRequest) -> Result<ProductChange, Error> {
    let mut change = ProductChange::default();
    for path in mask(request.update_mask)? {
        match path.as_str() {
            "title" if request.title.is_empty() => {
                return Err(Error::field("title", "must have 1 to 200 characters"));
            }
            "title" => change.title = Some(request.title.clone()),
            "description" => change.description = Some(request.description.clone()),
            "labels" => change.labels = Some(request.labels.clone()),
            "state" => {
                change.state = Some(
                    state(request.state).ok_or_else(|| Error::field("state", "must be a state"))?,
                );
            }
            _ => return Err(unknown_path()),
        }
    }
    Ok(change)
}

/// Reads what is to be changed of a variant.
pub fn variant_change(request: pb::UpdateVariantRequest) -> Result<VariantChange, Error> {
    let mut change = VariantChange::default();
    for path in mask(request.update_mask)? {
        match path.as_str() {
            "title" => change.title = Some(request.title.clone()),
            "attributes" => change.attributes = Some(request.attributes.clone()),
            _ => return Err(unknown_path()),
        }
    }
    Ok(change)
}

fn mask(mask: Option<prost_types::FieldMask>) -> Result<Vec<String>, Error> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        return Err(Error::UpdateMaskEmpty(FieldError::new(
            "update_mask",
            "must name at least one field",
        )));
    }
    Ok(paths)
}

fn unknown_path() -> Error {
    Error::field("update_mask", "must name whole fields that can be changed")
}

impl TryFrom<Option<pb::get_variant_request::Variant>> for VariantKey {
    type Error = Error;

    fn try_from(key: Option<pb::get_variant_request::Variant>) -> Result<Self, Error> {
        use pb::get_variant_request::Variant as Wire;
        match key.ok_or_else(|| Error::field("variant", "is required"))? {
            Wire::VariantId(id) => Ok(VariantKey::Id(variant_id(&id)?)),
            Wire::Sku(sku) => Ok(VariantKey::Sku(sku)),
        }
    }
}

impl TryFrom<Option<pb::list_prices_request::Variant>> for VariantKey {
    type Error = Error;

    fn try_from(key: Option<pb::list_prices_request::Variant>) -> Result<Self, Error> {
        use pb::list_prices_request::Variant as Wire;
        match key.ok_or_else(|| Error::field("variant", "is required"))? {
            Wire::VariantId(id) => Ok(VariantKey::Id(variant_id(&id)?)),
            Wire::Sku(sku) => Ok(VariantKey::Sku(sku)),
        }
    }
}

/// Reads what is to be priced.
pub fn wanted(items: Vec<pb::ResolveItem>) -> Result<Vec<Wanted>, Error> {
    use pb::resolve_item::Item as Wire;
    let wanted = items.into_iter().map(|item| match item.item {
        Some(Wire::Sku(sku)) => Ok(Wanted::Sku(sku)),
        Some(Wire::PriceId(id)) => Ok(Wanted::Price(price_id(&id)?)),
        None => Err(Error::field("items.item", "is required")),
    });
    wanted.collect()
}

/// Writes down what an item costs.
pub fn resolved(offer: &Offer, price: OfferedPrice) -> pb::ResolvedPrice {
    let title = match offer.variant_title.as_str() {
        "" => offer.product_title.clone(),
        variant => format!("{}, {variant}", offer.product_title),
    };
    pb::ResolvedPrice {
        sku: offer.sku.clone(),
        variant_id: offer.variant.to_string(),
        price_id: price.id.to_string(),
        title,
        unit_price: Some(price.amount.into()),
        is_default: price.is_default,
        audience: audience_now(price.audience.is_public(price.is_default)),
    }
}

/// Returns the audience that a price has now.
fn audience_now(is_public: bool) -> i32 {
    let audience =
        if is_public { pb::PriceAudience::Public } else { pb::PriceAudience::Restricted };
    audience.into()
}

impl From<&Product> for pb::Product {
    fn from(product: &Product) -> Self {
        pb::Product {
            product_id: product.id.to_string(),
            title: product.title.clone(),
            description: product.description.clone(),
            state: product.state as i32,
            labels: product.labels.clone(),
            external_key: product.external_key.clone().unwrap_or_default(),
            etag: etag(product.version),
            create_time: Some(product.create_time.into()),
            update_time: Some(product.update_time.into()),
        }
    }
}

impl From<&Variant> for pb::Variant {
    fn from(variant: &Variant) -> Self {
        pb::Variant {
            variant_id: variant.id.to_string(),
            product_id: variant.product.to_string(),
            sku: variant.sku.clone(),
            title: variant.title.clone(),
            attributes: variant.attributes.clone(),
            default_prices: vec![],
            etag: etag(variant.version),
            create_time: Some(variant.create_time.into()),
            update_time: Some(variant.update_time.into()),
        }
    }
}

/// Writes variants down with the default prices, among these, that belong to them.
pub fn variants_with_prices(variants: &[Variant], defaults: &[Price]) -> Vec<pb::Variant> {
    let mut all: Vec<pb::Variant> = variants.iter().map(pb::Variant::from).collect();
    let places: std::collections::HashMap<VariantId, usize> =
        variants.iter().enumerate().map(|(place, variant)| (variant.id, place)).collect();
    for price in defaults {
        if let Some(place) = places.get(&price.variant) {
            all[*place].default_prices.push(price.into());
        }
    }
    all
}

impl From<&Price> for pb::Price {
    fn from(price: &Price) -> Self {
        pb::Price {
            price_id: price.id.to_string(),
            variant_id: price.variant.to_string(),
            product_id: price.product.to_string(),
            sku: price.sku.clone(),
            unit_price: Some(price.amount.into()),
            is_default: price.is_default,
            archive_time: price.archive_time.map(Into::into),
            create_time: Some(price.create_time.into()),
            effective_time: Some(price.effective_time.into()),
            audience: audience_now(price.is_public()),
        }
    }
}

/// Returns labels as they are kept.
pub fn labels_text(labels: &Labels) -> String {
    serde_json::to_string(labels).expect("a map of texts is always JSON")
}

/// Reads labels as they are kept.
pub fn labels_of(text: &str) -> Result<Labels, Error> {
    serde_json::from_str(text).map_err(|_| Error::Unreadable("labels"))
}
