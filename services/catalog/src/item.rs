//! An item to price, and why it cannot be sold.

use souk_types::{Currency, PriceId};

use crate::state::State;
use crate::variant_state::VariantState;

/// What is to be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A sku at its default price.
    Sku(String),
    /// A price.
    Price(PriceId),
}

/// Why something cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotForSale {
    /// No variant has this sku.
    NoVariant,
    /// There is no such price, or no default price in this currency and channel.
    NoPrice,
    /// The price is archived.
    Archived(PriceId),
    /// The price is in this other currency.
    OtherCurrency(PriceId, Currency),
    /// The price is for this other channel.
    OtherChannel(PriceId, String),
    /// The product of this sku is not active.
    ProductState(String, State),
    /// The variant with this sku is not active.
    VariantState(String, VariantState),
}
