//! The rules of an import: decides for each item what is new, what exists and what is refused.
//! Pure.
//!
//! **Invariant:** an item is imported as a whole or not at all, and existing data never changes.

use std::collections::{HashMap, HashSet};

use souk_client::catalog::v1::ErrorReason;
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use crate::price::{self, Price};
use crate::price_audience::PriceAudience;
use crate::product::{Labels, Product};
use crate::state::State;
use crate::variant::{self, Variant};
use crate::variant_key::MAX_VARIANTS;
use crate::variant_state::VariantState;

/// A product as another system knows it.
#[derive(Clone, Debug)]
pub struct Item {
    pub external_key: String,
    pub title: String,
    pub description: String,
    pub state: State,
    pub labels: Labels,
    pub metadata: Labels,
    pub variants: Vec<ItemVariant>,
}

/// A variant of an item.
#[derive(Clone, Debug)]
pub struct ItemVariant {
    pub sku: String,
    pub title: String,
    pub attributes: Labels,
    pub metadata: Labels,
    pub prices: Vec<ItemPrice>,
}

/// A price of a variant of an item.
#[derive(Clone, Debug)]
pub struct ItemPrice {
    pub amount: Money,
    /// The channel that it is for; empty is every channel.
    pub channel: String,
    pub metadata: Labels,
    pub effective_time: Option<Timestamp>,
    pub is_default: bool,
    /// None leaves the choice to the catalogue.
    pub audience: Option<PriceAudience>,
}

impl ItemPrice {
    fn can_be_default(&self) -> bool {
        self.audience != Some(PriceAudience::Restricted)
    }

    /// Returns what it can be the default of, beside its variant.
    fn market(&self) -> Market {
        (self.amount.currency, self.channel.clone())
    }
}

/// A currency and a channel: a variant has at most one default price in each.
pub type Market = (Currency, String);

/// Why an item is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: ErrorReason,
    /// The field at fault; empty when it is the whole item.
    pub field: String,
    pub message: String,
}

/// An item of the stream: one that can be read, or the key and fault of one that cannot.
pub type Read = Result<Item, (String, Refusal)>;

/// The outcome of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created { product: ProductId, variants: usize, prices: usize },
    Extended { product: ProductId, variants: usize, prices: usize },
    Unchanged { product: ProductId },
    Failed(Refusal),
}

/// What the catalogue has of all that some items name.
#[derive(Clone, Debug, Default)]
pub struct Present {
    pub products: HashMap<ProductId, PresentProduct>,
    /// By sku: the variant and its product.
    pub variants: HashMap<String, (VariantId, ProductId)>,
    pub prices: HashMap<PriceId, PresentPrice>,
    /// Which variants have a default in which currency and channel.
    pub defaults: HashSet<(VariantId, Market)>,
}

/// What has to be known of a product that is there.
#[derive(Clone, Copy, Debug)]
pub struct PresentProduct {
    pub state: State,
    /// How many variants it has, without the archived ones.
    pub variants: usize,
}

/// What has to be known of a price that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentPrice {
    pub variant: VariantId,
    pub amount: Money,
    pub channel: String,
    pub audience: PriceAudience,
}

impl PresentPrice {
    /// Returns whether it is what an item asks for.
    fn is_the_same(&self, variant: VariantId, wanted: &ItemPrice) -> bool {
        self.variant == variant && self.amount == wanted.amount && self.channel == wanted.channel
    }
}

/// Everything that is to be written.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub products: Vec<Product>,
    pub variants: Vec<Variant>,
    /// A price that is new and a default is also to become the default of its variant.
    pub prices: Vec<Price>,
    /// One for each item, in their order: its key and its outcome.
    pub outcomes: Vec<(String, Outcome)>,
}

/// Returns the id of the product that an import makes for this key.
pub fn product_id(external_key: &str) -> ProductId {
    ProductId::derive(b"souk.catalog.product", external_key)
}

/// Decides what to do with these items, one after another.
pub fn plan(items: &[Read], mut present: Present, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    for item in items {
        let (key, outcome) = match item {
            Err((key, refusal)) => (key.clone(), Outcome::Failed(refusal.clone())),
            Ok(item) => {
                let outcome = match additions(item, &present, now) {
                    Ok(additions) => additions.apply(&mut plan, &mut present),
                    Err(refusal) => Outcome::Failed(refusal),
                };
                (item.external_key.clone(), outcome)
            }
        };
        plan.outcomes.push((key, outcome));
    }
    plan
}

/// What one item adds.
struct Additions {
    id: ProductId,
    state: State,
    product: Option<Product>,
    variants: Vec<Variant>,
    prices: Vec<Price>,
}

impl Additions {
    fn apply(self, plan: &mut Plan, present: &mut Present) -> Outcome {
        let product = self.id;
        let variants = self.variants.len();
        let prices = self.prices.len();
        let known = present
            .products
            .entry(product)
            .or_insert(PresentProduct { state: self.state, variants: 0 });
        known.variants += variants;
        for variant in &self.variants {
            present.variants.insert(variant.sku.clone(), (variant.id, product));
        }
        for price in &self.prices {
            let new = PresentPrice {
                variant: price.variant,
                amount: price.amount,
                channel: price.channel.clone(),
                audience: price.audience,
            };
            present.prices.insert(price.id, new);
            if price.is_default {
                let market = (price.amount.currency, price.channel.clone());
                present.defaults.insert((price.variant, market));
            }
        }
        let outcome = match (&self.product, variants + prices) {
            (Some(_), _) => Outcome::Created { product, variants, prices },
            (None, 0) => Outcome::Unchanged { product },
            (None, _) => Outcome::Extended { product, variants, prices },
        };
        plan.products.extend(self.product);
        plan.variants.extend(self.variants);
        plan.prices.extend(self.prices);
        outcome
    }
}

fn refuse(reason: ErrorReason, field: String, message: impl Into<String>) -> Refusal {
    Refusal { reason, field, message: message.into() }
}

fn additions(item: &Item, present: &Present, now: Timestamp) -> Result<Additions, Refusal> {
    let id = product_id(&item.external_key);
    let known = present.products.get(&id);
    let state = known.map_or(item.state, |known| known.state);
    let product = known.is_none().then(|| Product {
        id,
        title: item.title.clone(),
        description: item.description.clone(),
        state,
        labels: item.labels.clone(),
        metadata: item.metadata.clone(),
        external_key: Some(item.external_key.clone()),
        version: 1,
        create_time: now,
        update_time: now,
    });
    let mut added = Additions { id, state, product, variants: vec![], prices: vec![] };
    let mut skus = HashSet::new();
    for (index, variant) in item.variants.iter().enumerate() {
        let field = format!("variants[{index}]");
        if !skus.insert(variant.sku.as_str()) {
            let message = format!("the item has the sku {} more than once", variant.sku);
            return Err(refuse(ErrorReason::Duplicate, format!("{field}.variant.sku"), message));
        }
        let variant_id = match present.variants.get(&variant.sku) {
            Some((found, of)) if *of == id => *found,
            Some(_) => {
                let message = format!("the sku {} belongs to another product", variant.sku);
                let field = format!("{field}.variant.sku");
                return Err(refuse(ErrorReason::SkuExists, field, message));
            }
            None => {
                let new = new_variant(variant, id, state, now);
                let new_id = new.id;
                added.variants.push(new);
                new_id
            }
        };
        add_prices(variant, variant_id, &field, present, &mut added, now)?;
    }
    if known.map_or(0, |known| known.variants) + added.variants.len() > MAX_VARIANTS {
        let message = format!("a product has at most {MAX_VARIANTS} variants");
        return Err(refuse(ErrorReason::TooManyVariants, "variants".into(), message));
    }
    Ok(added)
}

fn new_variant(
    variant: &ItemVariant,
    product: ProductId,
    product_state: State,
    now: Timestamp,
) -> Variant {
    Variant {
        id: variant::imported_id(&variant.sku),
        product,
        product_state,
        sku: variant.sku.clone(),
        title: variant.title.clone(),
        state: VariantState::Active,
        attributes: variant.attributes.clone(),
        metadata: variant.metadata.clone(),
        version: 1,
        create_time: now,
        update_time: now,
    }
}

fn add_prices(
    variant: &ItemVariant,
    variant_id: VariantId,
    field: &str,
    present: &Present,
    added: &mut Additions,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut defaults = marked_defaults(variant, variant_id, field, present)?;
    let mut seen = HashSet::new();
    for (index, wanted) in variant.prices.iter().enumerate() {
        let id = price::imported_id(&variant.sku, wanted.amount, &wanted.channel);
        let is_repeated = !seen.insert(id);
        match present.prices.get(&id) {
            Some(price) if !price.is_the_same(variant_id, wanted) => {
                let message = format!("price {id} already exists with other fields");
                return Err(refuse(
                    ErrorReason::PriceExists,
                    format!("{field}.prices[{index}]"),
                    message,
                ));
            }
            Some(_) => continue,
            None if is_repeated => continue,
            None => {}
        }
        let market = wanted.market();
        if wanted.can_be_default() {
            defaults.entry(market.clone()).or_insert(id);
        }
        let is_default =
            defaults.get(&market) == Some(&id) && !present.defaults.contains(&(variant_id, market));
        added.prices.push(Price {
            id,
            variant: variant_id,
            sku: variant.sku.clone(),
            product: added.id,
            product_state: added.state,
            amount: wanted.amount,
            channel: wanted.channel.clone(),
            metadata: wanted.metadata.clone(),
            audience: wanted.audience.unwrap_or(PriceAudience::WhileDefault),
            is_default,
            archive_time: None,
            create_time: now,
            effective_time: wanted.effective_time.unwrap_or(now),
        });
    }
    Ok(())
}

/// Returns the price of each currency and channel that an item marks as the default of a variant.
fn marked_defaults(
    variant: &ItemVariant,
    variant_id: VariantId,
    field: &str,
    present: &Present,
) -> Result<HashMap<Market, PriceId>, Refusal> {
    let mut defaults = HashMap::new();
    for (index, wanted) in variant.prices.iter().enumerate().filter(|(_, wanted)| wanted.is_default)
    {
        let field = format!("{field}.prices[{index}].is_default");
        let id = price::imported_id(&variant.sku, wanted.amount, &wanted.channel);
        let market = wanted.market();
        if defaults.insert(market.clone(), id).is_some() {
            let currency = market.0;
            let message =
                format!("the item has more than one default price in {currency} and its channel");
            return Err(refuse(ErrorReason::Duplicate, field, message));
        }
        // Of several that are the same only the first is used.
        let first = variant
            .prices
            .iter()
            .find(|price| price.amount == wanted.amount && price.channel == wanted.channel);
        let is_restricted = present.prices.get(&id).is_some_and(|price| {
            price.variant == variant_id && price.audience == PriceAudience::Restricted
        });
        if first.is_some_and(|first| !first.can_be_default())
            || is_restricted && !present.defaults.contains(&(variant_id, market))
        {
            let message = format!("price {id} is restricted, and a default price is public");
            return Err(refuse(ErrorReason::PriceRestricted, field, message));
        }
    }
    Ok(defaults)
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
