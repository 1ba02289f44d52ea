//! The rules of entries: pure, no I/O, no clock of their own.

use souk_types::Timestamp;

use crate::error::Error;

/// How many are listed when the caller does not say.
const MOST_LISTED: i32 = 20;

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
    /// Admits an entry of a user who has `present` and may have `most`.
    pub fn admit(self, present: u64, most: u64) -> Result<Self, Error> {
        if !has_room(present, most) {
            return Err(Error::TooManyEntries { most });
        }
        Ok(self)
    }
}

/// Returns whether a user who has `present` entries and may have `most` may have one more.
pub fn has_room(present: u64, most: u64) -> bool {
    present < most
}

/// Returns what is written down of an order.
pub fn text_of_order(order_id: &str) -> String {
    format!("placed {order_id}")
}

/// Returns how many entries are listed for who asks for so many; 0 leaves it to us.
pub fn listed(asked: i32) -> i64 {
    i64::from(if asked == 0 { MOST_LISTED } else { asked })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_may_have_so_many_and_no_more() {
        let now = Timestamp::from_micros(1);
        let entry = Entry { id: EntryId::new(now), user_id: "alice".into(), text: "hello".into(), create_time: now };
        assert_eq!(entry.clone().admit(2, 3).unwrap(), entry);
        assert!(matches!(entry.admit(3, 3), Err(Error::TooManyEntries { most: 3 })));
    }

    #[test]
    fn who_does_not_say_how_many_gets_twenty() {
        assert_eq!((listed(0), listed(5)), (20, 5));
    }
}
