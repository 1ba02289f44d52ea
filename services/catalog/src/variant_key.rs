//! The keys of a variant, and the limit of variants per product.

use souk_types::VariantId;

/// The most variants of one product, without the archived ones.
pub const MAX_VARIANTS: usize = 100;

/// Names a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariantKey {
    Id(VariantId),
    Sku(String),
}
