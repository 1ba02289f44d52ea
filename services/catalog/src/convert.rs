//! Wire ↔ domain: the only place where wire data becomes trusted data.

mod import;

use sea_orm::ActiveEnum;
use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_client::types::v1 as types;
use souk_contract::FieldError;
use souk_data::page;
use souk_types::{Currency, IdError, Money, PriceId, ProductId, Timestamp, VariantId};

use crate::error::Error;
use crate::item::Wanted;
use crate::price::{Offer, OfferedPrice, Price, check_amount};
use crate::price_audience::PriceAudience;
use crate::product::{Audience, Labels, Product, ProductChange, etag};
use crate::state::State;
use crate::variant::{Variant, VariantChange};
use crate::variant_key::VariantKey;
use crate::variant_state::VariantState;

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

/// Reads the ids of products; the contract has checked their form already.
pub fn product_ids(texts: &[String]) -> Result<Vec<ProductId>, Error> {
    let ids = texts.iter().map(|text| text.parse());
    ids.collect::<Result<_, _>>().map_err(|error: IdError| Error::field("product_ids", error))
}

/// Checks that the messages of a batch fit into one response, or says how many would.
pub fn check_fits<M: prost::Message>(
    field: &'static str,
    messages: &mut Vec<M>,
) -> Result<(), Error> {
    if !page::fit(messages) {
        return Ok(());
    }
    let most = messages.len();
    let problem = format!("must be at most {most}, because the response would exceed 3 MiB");
    Err(Error::field(field, problem))
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
    time.map_err(|_| FieldError::new(name, "must be in the years 1 to 9999").into())
}

/// Reads an effective time; it must not be in the future.
pub fn effective_time(
    name: &str,
    effective_time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let effective_time = time(name, effective_time)?;
    if effective_time.is_some_and(|time| time > now) {
        return Err(FieldError::new(name, "must not be in the future").into());
    }
    Ok(effective_time)
}

/// Reads a state; none when it is not specified.
pub fn state(number: i32) -> Option<State> {
    State::try_from_value(&number.into()).ok()
}

/// Returns which of the named states a list of products shows to who reads. Only the shop finds
/// what is not for sale.
pub fn product_states(numbers: &[i32], audience: Audience) -> Vec<State> {
    let mut states: Vec<State> = numbers.iter().filter_map(|number| state(*number)).collect();
    if numbers.is_empty() {
        states.push(State::Active);
    }
    states.retain(|state| audience == Audience::Shop || *state == State::Active);
    states
}

/// Returns which of the named states a list of variants shows to who reads. Only the shop finds
/// what is archived.
pub fn variant_states(numbers: &[i32], audience: Audience) -> Vec<VariantState> {
    let mut states: Vec<VariantState> = numbers
        .iter()
        .filter_map(|number| VariantState::try_from_value(&(*number).into()).ok())
        .collect();
    if numbers.is_empty() {
        states.extend(VariantState::SHOWN);
    }
    states.retain(|state| audience == Audience::Shop || *state != VariantState::Archived);
    states
}

/// Reads labels to find products by; the contract has checked their form.
pub fn wanted_labels(labels: Vec<String>) -> Vec<(String, String)> {
    let parts = labels.iter().filter_map(|label| label.split_once('='));
    parts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
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

/// Makes the product that is asked for. With an external key it has the id that an import gives it,
/// so that an import finds it.
pub fn new_product(product: pb::Product, now: Timestamp) -> Result<Product, Error> {
    if product.title.is_empty() {
        return Err(title_is_required());
    }
    let external_key = Some(product.external_key).filter(|key| !key.is_empty());
    let id = match &external_key {
        Some(key) => crate::import::product_id(key),
        None => ProductId::new(now),
    };
    Ok(Product {
        id,
        title: product.title,
        description: product.description,
        state: State::Draft,
        labels: product.labels,
        metadata: product.metadata,
        external_key,
        version: 1,
        create_time: now,
        update_time: now,
    })
}

fn title_is_required() -> Error {
    Error::field("product.title", "must have 1 to 200 characters")
}

/// Makes the variant that is asked for; the state of its product is not known yet.
pub fn new_variant(variant: pb::Variant, now: Timestamp) -> Result<Variant, Error> {
    let product = variant.product_id()?;
    let product = product.ok_or_else(|| Error::field("variant.product_id", "is required"))?;
    if variant.sku.is_empty() {
        return Err(Error::field("variant.sku", "is required"));
    }
    Ok(Variant {
        id: VariantId::new(now),
        product,
        product_state: State::Draft,
        sku: variant.sku,
        title: variant.title,
        state: VariantState::Active,
        attributes: variant.attributes,
        metadata: variant.metadata,
        version: 1,
        create_time: now,
        update_time: now,
    })
}

/// Reads which product is to be changed.
pub fn product_id(product: &pb::Product) -> Result<ProductId, Error> {
    product.product_id()?.ok_or_else(|| Error::field("product.product_id", "is required"))
}

/// Reads which variant is to be changed.
pub fn variant_to_change(variant: &pb::Variant) -> Result<VariantId, Error> {
    variant.variant_id()?.ok_or_else(|| Error::field("variant.variant_id", "is required"))
}

/// Reads what is to be changed of a product.
pub fn product_change(
    product: pb::Product,
    mask: Option<prost_types::FieldMask>,
) -> Result<ProductChange, Error> {
    let names = masked(mask, &["title", "description", "labels", "metadata"])?;
    let is_named = |name: &str| names.iter().any(|other| other == name);
    if is_named("title") && product.title.is_empty() {
        return Err(title_is_required());
    }
    Ok(ProductChange {
        title: is_named("title").then_some(product.title),
        description: is_named("description").then_some(product.description),
        labels: is_named("labels").then_some(product.labels),
        metadata: is_named("metadata").then_some(product.metadata),
    })
}

/// Reads what is to be changed of a variant.
pub fn variant_change(
    variant: pb::Variant,
    mask: Option<prost_types::FieldMask>,
) -> Result<VariantChange, Error> {
    let names = masked(mask, &["title", "attributes", "metadata"])?;
    let is_named = |name: &str| names.iter().any(|other| other == name);
    Ok(VariantChange {
        title: is_named("title").then_some(variant.title),
        attributes: is_named("attributes").then_some(variant.attributes),
        metadata: is_named("metadata").then_some(variant.metadata),
    })
}

/// Returns the fields that a mask names, of those that can be changed; `*` names all.
fn masked(
    mask: Option<prost_types::FieldMask>,
    changeable: &[&'static str],
) -> Result<Vec<String>, Error> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        return Err(Error::field("update_mask", "must name at least one field"));
    }
    if paths.iter().any(|path| path == "*") {
        return Ok(changeable.iter().map(|name| (*name).to_owned()).collect());
    }
    if paths.iter().any(|path| !changeable.contains(&path.as_str())) {
        return Err(Error::field("update_mask", "must name whole fields that can be changed"));
    }
    Ok(paths)
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
        product_id: offer.product.to_string(),
        price_id: price.id.to_string(),
        title,
        unit_price: Some(price.amount.into()),
        is_default: price.is_default,
        audience: audience_now(price.audience.is_public(price.is_default)),
        channel: offer.channel.clone(),
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
            metadata: product.metadata.clone(),
            external_key: product.external_key.clone().unwrap_or_default(),
            etag: etag(product.version),
            create_time: Some(product.create_time.into()),
            update_time: Some(product.update_time.into()),
            variants: vec![],
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
            state: variant.state as i32,
            attributes: variant.attributes.clone(),
            metadata: variant.metadata.clone(),
            default_prices: vec![],
            etag: etag(variant.version),
            create_time: Some(variant.create_time.into()),
            update_time: Some(variant.update_time.into()),
        }
    }
}

/// Writes variants down with the default prices, among these, that belong to them; what an
/// integration keeps with a price is left to GetPrice.
pub fn variants_with_prices(variants: &[Variant], defaults: &[Price]) -> Vec<pb::Variant> {
    let mut all: Vec<pb::Variant> = variants.iter().map(pb::Variant::from).collect();
    let places: std::collections::HashMap<VariantId, usize> =
        variants.iter().enumerate().map(|(place, variant)| (variant.id, place)).collect();
    for price in defaults {
        if let Some(place) = places.get(&price.variant) {
            let price = pb::Price { metadata: Labels::new(), ..price.into() };
            all[*place].default_prices.push(price);
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
            channel: price.channel.clone(),
            is_default: price.is_default,
            metadata: price.metadata.clone(),
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
