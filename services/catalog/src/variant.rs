//! The rules of a variant. Pure.

use souk_types::{ProductId, Timestamp, VariantId};

use crate::error::Error;
use crate::product::{Labels, check_etag};
use crate::state::State;
use crate::variant_key::MAX_VARIANTS;
use crate::variant_state::VariantState;

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
    pub state: VariantState,
    pub attributes: Labels,
    /// What an integration keeps with it.
    pub metadata: Labels,
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
    pub metadata: Option<Labels>,
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
        self.metadata = change.metadata.unwrap_or(self.metadata);
        self.version += 1;
        self.update_time = at;
        Ok(self)
    }

    /// Returns the variant in a state, entered at this time unless it is in it already.
    ///
    /// Fails with [`Error::EtagMismatch`] when `etag` is not empty and not the present one.
    pub fn change_state(
        mut self,
        state: VariantState,
        etag: &str,
        at: Timestamp,
    ) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        if self.state != state {
            self.state = state;
            self.version += 1;
            self.update_time = at;
        }
        Ok(self)
    }
}

/// Returns the id of the variant that an import makes for this sku.
pub fn imported_id(sku: &str) -> VariantId {
    VariantId::derive(b"souk.catalog.variant", sku)
}

/// Checks that a product with this many variants, without the archived ones, may have one more.
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
            state: VariantState::Active,
            attributes: Labels::new(),
            metadata: Labels::new(),
            version: 1,
            create_time: at,
            update_time: at,
        }
    }

    #[test]
    fn a_change_keeps_the_sku_and_what_it_does_not_name() {
        let change = VariantChange { title: Some("large".into()), ..Default::default() };
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
    fn a_state_is_entered_once_and_every_state_can_be_left() {
        use VariantState::{Active, Archived, Disabled};
        let mut changed = variant();
        for (version, state) in [(2, Disabled), (3, Archived), (4, Disabled), (5, Active)] {
            let at = Timestamp::from_micros(version);
            let etag = (version - 1).to_string();
            changed = changed.change_state(state, &etag, at).unwrap();
            let again = changed.clone().change_state(state, "", Timestamp::from_micros(99));
            assert_eq!(again.unwrap(), changed);
            assert_eq!((changed.state, changed.version, changed.update_time), (state, version, at));
        }
        let late = changed.change_state(Active, "1", Timestamp::from_micros(99));
        assert!(matches!(late, Err(Error::EtagMismatch { present }) if present == "5"));
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
