//! The rules of a variant. Pure.

use souk_types::{ProductId, Timestamp, VariantId};

use crate::error::Error;
use crate::product::{Labels, check_etag};
use crate::state::State;
use crate::variant_key::MAX_VARIANTS;

/// One form of a product that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub id: VariantId,
    pub product: ProductId,
    /// The state of its product, which decides who sees it.
    pub product_state: State,
    /// Unique in the shop, and never changed: stock, orders and price ids hang on it.
    pub sku: String,
    pub title: String,
    pub attributes: Labels,
    /// Grows by one with each change, from 1.
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

/// What is to be changed of a variant; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VariantChange {
    pub title: Option<String>,
    pub attributes: Option<Labels>,
}

impl Variant {
    /// Returns the variant after a change at this time.
    ///
    /// Fails with [`Error::EtagMismatch`] when `etag` is not empty and not the present one.
    pub fn change(
        mut self,
        change: VariantChange,
        etag: &str,
        at: Timestamp,
    ) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        self.title = change.title.unwrap_or(self.title);
        self.attributes = change.attributes.unwrap_or(self.attributes);
        self.version += 1;
        self.update_time = at;
        Ok(self)
    }
}

/// Returns the id of the variant that an import makes for this sku.
pub fn imported_id(sku: &str) -> VariantId {
    VariantId::derive(b"souk.catalog.variant", sku)
}

/// Checks that a product with this many variants may have one more.
pub fn check_room(product: ProductId, present: usize) -> Result<(), Error> {
    if present < MAX_VARIANTS { Ok(()) } else { Err(Error::TooManyVariants(product)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant() -> Variant {
        let at = Timestamp::from_micros(1);
        Variant {
            id: imported_id("RUG-1"),
            product: ProductId::derive(b"test", "rug"),
            product_state: State::Active,
            sku: "RUG-1".into(),
            title: "small".into(),
            attributes: Labels::new(),
            version: 1,
            create_time: at,
            update_time: at,
        }
    }

    #[test]
    fn a_change_keeps_the_sku_and_what_it_does_not_name() {
        let change = VariantChange { title: Some("large".into()), attributes: None };
        let changed = variant().change(change, "1", Timestamp::from_micros(5)).unwrap();
        let expected = Variant {
            title: "large".into(),
            version: 2,
            update_time: Timestamp::from_micros(5),
            ..variant()
        };
        assert_eq!(changed, expected);
        let again = changed.change(VariantChange::default(), "1", Timestamp::from_micros(6));
        assert!(matches!(again, Err(Error::EtagMismatch { present }) if present == "2"));
    }

    #[test]
    fn a_product_has_a_limited_number_of_variants() {
        let product = variant().product;
        assert!(check_room(product, MAX_VARIANTS - 1).is_ok());
        assert!(
            matches!(check_room(product, MAX_VARIANTS), Err(Error::TooManyVariants(of)) if of == product)
        );
    }
}
