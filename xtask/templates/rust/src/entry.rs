//! Entries: the row, and the rules. Pure: no I/O, no clock of their own.

use sea_orm::entity::prelude::*;
use souk_types::Timestamp;

use crate::error::Error;

/// How many are listed when the caller does not say.
const MOST_LISTED: u64 = 20;

souk_types::typed_ids! {
    /// Names an entry.
    EntryId = "entry";
}

/// What a user wrote down. **Invariant:** it never changes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    /// Grows in the order in which entries are stored; the database gives it.
    #[sea_orm(primary_key)]
    pub number: i64,
    pub entry_id: EntryId,
    pub user_id: String,
    pub text: String,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns what a user writes down now.
    pub fn new(user_id: &str, text: String, now: Timestamp) -> Self {
        Model {
            number: 0,
            entry_id: EntryId::new(now),
            user_id: user_id.to_owned(),
            text,
            create_time: now,
        }
    }

    /// Fails when a user who has `present` entries and may have `most` can have no other.
    pub fn check_room(present: u64, most: u64) -> Result<(), Error> {
        if present < most { Ok(()) } else { Err(Error::TooManyEntries { most }) }
    }
}

/// Returns how many entries are listed for who asks for so many; 0 leaves it to us.
pub fn listed(asked: i32) -> u64 {
    u64::try_from(asked).ok().filter(|asked| *asked > 0).unwrap_or(MOST_LISTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_may_have_so_many_and_no_more() {
        assert!(Model::check_room(2, 3).is_ok());
        assert!(matches!(Model::check_room(3, 3), Err(Error::TooManyEntries { most: 3 })));
    }

    #[test]
    fn who_does_not_say_how_many_gets_twenty() {
        assert_eq!(listed(0), 20);
        assert_eq!(listed(5), 5);
    }
}
