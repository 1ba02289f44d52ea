//! Locations and what of them can be changed. Pure.

use souk_types::Timestamp;

use crate::error::Error;
use crate::policy::check_etag;

/// A place that holds stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub id: String,
    pub title: String,
    /// A `souk.type.v1.Address`, encoded; nothing here looks into it.
    pub address: Option<Vec<u8>>,
    /// Units are allocated from the highest first.
    pub priority: i64,
    /// Whether its units can be reserved.
    pub is_active: bool,
    /// Grows with each change, from 1.
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

/// What is to be changed of a location: all that is set.
#[derive(Clone, Debug, Default)]
pub struct LocationChange {
    pub title: Option<String>,
    pub address: Option<Option<Vec<u8>>>,
    pub priority: Option<i64>,
    pub is_active: Option<bool>,
}

impl Location {
    /// Returns whether a call that creates this location again means the same one. Whether it is
    /// active is not up to that call.
    pub fn is_same_as(&self, other: &Location) -> bool {
        self.title == other.title
            && self.address == other.address
            && self.priority == other.priority
    }

    /// Changes what is named, unless someone else has changed it since `etag` was read.
    pub fn change(self, change: LocationChange, etag: &str, now: Timestamp) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        Ok(Location {
            title: change.title.unwrap_or(self.title),
            address: change.address.unwrap_or(self.address),
            priority: change.priority.unwrap_or(self.priority),
            is_active: change.is_active.unwrap_or(self.is_active),
            version: self.version + 1,
            update_time: now,
            id: self.id,
            create_time: self.create_time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn north() -> Location {
        Location {
            id: "north".to_owned(),
            title: "North".to_owned(),
            address: None,
            priority: 0,
            is_active: true,
            version: 1,
            create_time: Timestamp::from_micros(1),
            update_time: Timestamp::from_micros(1),
        }
    }

    #[test]
    fn a_change_touches_what_it_names_and_the_version() {
        let change = LocationChange { is_active: Some(false), ..LocationChange::default() };
        let now = Timestamp::from_micros(2);
        let changed = north().change(change, "1", now).unwrap();
        assert_eq!(changed, Location { is_active: false, version: 2, update_time: now, ..north() });
        assert!(changed.is_same_as(&north()));
        let refused = changed.change(LocationChange::default(), "1", now).unwrap_err();
        assert!(matches!(refused, Error::EtagMismatch { current } if current == "2"));
    }
}
