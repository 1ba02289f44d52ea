//! The rules of entries: pure, no I/O, no clock of their own.

use souk_types::Timestamp;

use crate::error::Error;

/// How many are listed when the caller does not say.
const MOST_LISTED: i64 = 20;

souk_types::typed_ids! {
    /// Names an entry.
    EntryId = "entry";
}

/// What a user wrote down. **Invariant:** it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub user_id: String,
    pub text: String,
    pub create_time: Timestamp,
}

impl Entry {
    /// Returns what a user writes down now.
    pub fn new(user_id: &str, text: String, now: Timestamp) -> Self {
        Entry { id: EntryId::new(now), user_id: user_id.to_owned(), text, create_time: now }
    }

    /// Admits an entry of a user who has `present` and may have `most`.
    pub fn admit(self, present: i64, most: i64) -> Result<Self, Error> {
        if present < most { Ok(self) } else { Err(Error::TooManyEntries { most }) }
    }
}

/// Returns how many entries are listed for who asks for so many; 0 leaves it to us.
pub fn listed(asked: i32) -> i64 {
    if asked == 0 { MOST_LISTED } else { asked.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_may_have_so_many_and_no_more() {
        let entry = Entry::new("alice", "hello".to_owned(), Timestamp::from_micros(1));
        assert_eq!(entry.clone().admit(2, 3).unwrap(), entry);
        assert!(matches!(entry.admit(3, 3), Err(Error::TooManyEntries { most: 3 })));
    }

    #[test]
    fn who_does_not_say_how_many_gets_twenty() {
        assert_eq!((listed(0), listed(5)), (20, 5));
    }
}
