//! The rules of a product: its transitions, and who sees it. Pure.

use std::collections::BTreeMap;

use souk_types::{ProductId, Timestamp};

use crate::error::Error;
use crate::state::{State, StateChange};

/// Labels, attributes and metadata: keys and values, in the order of the keys.
pub type Labels = BTreeMap<String, String>;

/// Who reads: drafts, with their variants and prices, exist for the shop's own people and services
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Staff and services.
    Shop,
    /// All other callers.
    Public,
}

impl Audience {
    /// Returns whether what belongs to a product in this state is there for this audience.
    pub fn sees(self, state: State) -> bool {
        self == Audience::Shop || state != State::Draft
    }
}

/// Something that the shop sells or has sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub title: String,
    pub description: String,
    pub state: State,
    pub labels: Labels,
    /// What an integration keeps with it.
    pub metadata: Labels,
    /// Its key in another system, from which its id is derived.
    pub external_key: Option<String>,
    /// Grows by one with each change, from 1.
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

/// What is to be changed of a product; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductChange {
    pub title: Option<String>,
    pub description: Option<String>,
    pub labels: Option<Labels>,
    pub metadata: Option<Labels>,
}

impl Product {
    /// Returns the product after a change at this time.
    ///
    /// Fails with [`Error::EtagMismatch`] when `etag` is not empty and not the present one.
    pub fn change(
        mut self,
        change: ProductChange,
        etag: &str,
        at: Timestamp,
    ) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        self.title = change.title.unwrap_or(self.title);
        self.description = change.description.unwrap_or(self.description);
        self.labels = change.labels.unwrap_or(self.labels);
        self.metadata = change.metadata.unwrap_or(self.metadata);
        self.version += 1;
        self.update_time = at;
        Ok(self)
    }

    /// Returns the product after a change of its state at this time; as it was when it is in that
    /// state already.
    ///
    /// Fails with [`Error::EtagMismatch`] when `etag` is not empty and not the present one, and
    /// [`Error::ProductState`].
    pub fn change_state(
        mut self,
        change: StateChange,
        etag: &str,
        at: Timestamp,
    ) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        let requested = change.target();
        if !change.is_possible_in(self.state) {
            return Err(Error::ProductState { product: self.id, state: self.state, requested });
        }
        if self.state != requested {
            self.state = requested;
            self.version += 1;
            self.update_time = at;
        }
        Ok(self)
    }
}

/// Returns the etag of a version.
pub fn etag(version: i64) -> String {
    version.to_string()
}

/// Checks that an etag, unless it is empty, is that of the present version.
pub fn check_etag(etag: &str, version: i64) -> Result<(), Error> {
    if etag.is_empty() || etag == self::etag(version) {
        return Ok(());
    }
    Err(Error::EtagMismatch { present: self::etag(version) })
}

/// How many characters of a title products are sorted and searched by.
pub const TITLE_KEY_LENGTH: usize = 64;

/// Returns what a title is sorted and searched by: its first characters in lower case. Character by
/// character, so that the key of a prefix is a prefix of the key.
pub fn title_key(title: &str) -> Vec<u8> {
    let lower: String = title.chars().flat_map(char::to_lowercase).take(TITLE_KEY_LENGTH).collect();
    lower.into_bytes()
}

/// Returns the first key after all keys that start with this one. UTF-8 has no byte 255, so the
/// last can always grow.
pub fn after_prefix(mut key: Vec<u8>) -> Vec<u8> {
    if let Some(last) = key.last_mut() {
        *last += 1;
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(state: State) -> Product {
        let at = Timestamp::from_micros(1);
        Product {
            id: ProductId::derive(b"test", "rug"),
            title: "Rug".into(),
            description: String::new(),
            state,
            labels: Labels::new(),
            metadata: Labels::new(),
            external_key: None,
            version: 3,
            create_time: at,
            update_time: at,
        }
    }

    #[test]
    fn what_was_public_never_becomes_a_draft_again() {
        use State::{Active, Archived, Draft};
        use StateChange::{Archive, Publish, Restore};
        let later = Timestamp::from_micros(2);
        for (from, change, next) in [
            (Draft, Publish, Some(Active)),
            (Active, Publish, Some(Active)),
            (Archived, Publish, None),
            (Draft, Archive, Some(Archived)),
            (Active, Archive, Some(Archived)),
            (Archived, Archive, Some(Archived)),
            (Draft, Restore, None),
            (Active, Restore, Some(Active)),
            (Archived, Restore, Some(Active)),
        ] {
            match (product(from).change_state(change, "", later), next) {
                (Ok(changed), Some(next)) => {
                    let is_new = next != from;
                    assert_eq!(changed.state, next, "{from} {change:?}");
                    assert_eq!(changed.version, if is_new { 4 } else { 3 }, "{from} {change:?}");
                    assert_eq!(changed.update_time == later, is_new, "{from} {change:?}");
                }
                (Err(Error::ProductState { state, requested, .. }), None) => {
                    assert_eq!((state, requested), (from, Active), "{change:?}");
                }
                (result, next) => panic!("{from} {change:?}: {result:?}, not {next:?}"),
            }
        }
    }

    #[test]
    fn a_change_touches_what_it_names_and_the_etag() {
        let change = ProductChange { title: Some("Kilim".into()), ..Default::default() };
        let changed =
            product(State::Active).change(change, "3", Timestamp::from_micros(9)).unwrap();
        let expected = Product {
            title: "Kilim".into(),
            version: 4,
            update_time: Timestamp::from_micros(9),
            ..product(State::Active)
        };
        assert_eq!(changed, expected);
    }

    #[test]
    fn a_change_of_what_somebody_else_changed_is_refused_with_the_present_etag() {
        let at = Timestamp::from_micros(9);
        for refused in [
            product(State::Active).change(ProductChange::default(), "2", at),
            product(State::Active).change_state(StateChange::Archive, "2", at),
            product(State::Archived).change_state(StateChange::Archive, "2", at),
        ] {
            assert!(matches!(refused, Err(Error::EtagMismatch { present }) if present == "3"));
        }
    }

    #[test]
    fn drafts_are_for_the_shop_only() {
        assert!(Audience::Shop.sees(State::Draft) && !Audience::Public.sees(State::Draft));
        assert!(Audience::Public.sees(State::Active) && Audience::Public.sees(State::Archived));
    }

    proptest! {
        #[test]
        fn a_prefix_finds_its_title_whatever_the_case(title in "\\PC{0,80}", length in 0usize..40) {
            let prefix: String = title.chars().take(length).collect::<String>();
            for prefix in [prefix.clone(), prefix.to_ascii_uppercase()] {
                let key = title_key(&title);
                let from = title_key(&prefix);
                prop_assert!(key >= from && (from.is_empty() || key < after_prefix(from)));
            }
        }
    }
}
