//! Entries: the entity and its rules. Pure: no I/O, no clock of their own.

use sea_orm::entity::prelude::*;
use souk_types::{CustomerId, Timestamp};

use crate::error::Error;
use crate::id::EntryId;

/// How many are listed when the caller does not say.
const MOST_LISTED: u64 = 20;

/// An entry of a customer. **Invariant:** it never changes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    /// Grows in the order in which entries are stored; the database gives it.
    #[sea_orm(primary_key)]
    pub number: i64,
    pub entry_id: EntryId,
    pub customer_id: CustomerId,
    pub text: String,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns a new entry of a customer.
    pub fn new(customer_id: CustomerId, text: String, now: Timestamp) -> Self {
        Model { number: 0, entry_id: EntryId::new(now), customer_id, text, create_time: now }
    }

    /// Fails when a customer who has `present` entries and may have `most` may have no other.
    pub fn check_limit(present: u64, most: u64) -> Result<(), Error> {
        if present < most { Ok(()) } else { Err(Error::TooManyEntries { most }) }
    }
}

/// Returns how many entries to list; 0 leaves it to the service.
pub fn listed(asked: i32) -> u64 {
    u64::try_from(asked).ok().filter(|asked| *asked > 0).unwrap_or(MOST_LISTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_may_have_entries_up_to_the_limit() {
        assert!(Model::check_limit(2, 3).is_ok());
        assert!(matches!(Model::check_limit(3, 3), Err(Error::TooManyEntries { most: 3 })));
    }

    #[test]
    fn twenty_are_listed_unless_the_caller_says_how_many() {
        assert_eq!(listed(0), 20);
        assert_eq!(listed(5), 5);
    }
}
