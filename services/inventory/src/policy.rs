//! How a sku may be sold: as many units as are on hand, more, or any number. Pure.

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::Timestamp;

use crate::error::Error;

/// At most this many available units are low, until a policy says otherwise.
pub const LOW_QUANTITY: i64 = 5;

/// Whether stock limits how many units can be reserved. The numbers are those of the contract and
/// of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Policy {
    Tracked = 1,
    Untracked = 2,
    Backorder = 3,
}

/// The policy of a sku.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockPolicy {
    pub sku: String,
    pub policy: Policy,
    /// Units that may be reserved beyond those on hand, under [`Policy::Backorder`].
    pub backorder_limit: i64,
    /// The location where they will arrive.
    pub backorder_location: String,
    pub expected_time: Option<Timestamp>,
    pub low_quantity: i64,
    /// Grows with each change; 0 when it was never set.
    pub version: i64,
    /// None when it was never set.
    pub update_time: Option<Timestamp>,
}

/// What is to be changed of a policy: all that is set.
#[derive(Clone, Debug, Default)]
pub struct PolicyChange {
    pub policy: Option<Policy>,
    pub backorder_limit: Option<i64>,
    pub backorder_location: Option<String>,
    pub expected_time: Option<Option<Timestamp>>,
    pub low_quantity: Option<i64>,
}

impl StockPolicy {
    /// Returns the policy of a sku for which none was set.
    pub fn of(sku: String) -> Self {
        StockPolicy {
            sku,
            policy: Policy::Tracked,
            backorder_limit: 0,
            backorder_location: "main".to_owned(),
            expected_time: None,
            low_quantity: LOW_QUANTITY,
            version: 0,
            update_time: None,
        }
    }

    /// Changes what is named, unless someone else has changed it since `etag` was read.
    pub fn change(self, change: PolicyChange, etag: &str, now: Timestamp) -> Result<Self, Error> {
        check_etag(etag, self.version)?;
        Ok(StockPolicy {
            policy: change.policy.unwrap_or(self.policy),
            backorder_limit: change.backorder_limit.unwrap_or(self.backorder_limit),
            backorder_location: change.backorder_location.unwrap_or(self.backorder_location),
            expected_time: change.expected_time.unwrap_or(self.expected_time),
            low_quantity: change.low_quantity.unwrap_or(self.low_quantity),
            version: self.version + 1,
            update_time: Some(now),
            sku: self.sku,
        })
    }

    /// Returns how many units may be reserved beyond those on hand at a location.
    pub fn limit_at(&self, location: &str) -> i64 {
        if self.policy == Policy::Backorder && self.backorder_location == location {
            self.backorder_limit
        } else {
            0
        }
    }
}

/// Returns the etag of a version; empty when there is none.
pub fn etag(version: i64) -> String {
    if version == 0 { String::new() } else { version.to_string() }
}

/// Checks that an etag, unless it is empty, is that of the present version.
pub fn check_etag(given: &str, version: i64) -> Result<(), Error> {
    if given.is_empty() || given == etag(version) {
        return Ok(());
    }
    Err(Error::EtagMismatch { current: etag(version) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    fn backorder(limit: i64) -> PolicyChange {
        PolicyChange {
            policy: Some(Policy::Backorder),
            backorder_limit: Some(limit),
            ..PolicyChange::default()
        }
    }

    #[test]
    fn a_change_touches_what_it_names_and_the_version() {
        let before = StockPolicy::of("mug".to_owned());
        let after = before.clone().change(backorder(9), "", NOW).unwrap();
        assert_eq!(
            (after.policy, after.backorder_limit, after.low_quantity),
            (Policy::Backorder, 9, 5)
        );
        assert_eq!((after.version, after.update_time), (1, Some(NOW)));
        let low = PolicyChange { low_quantity: Some(0), ..PolicyChange::default() };
        let low = after.clone().change(low, "1", NOW).unwrap();
        assert_eq!(low, StockPolicy { low_quantity: 0, version: 2, ..after });
    }

    #[test]
    fn a_change_of_what_somebody_else_changed_is_refused() {
        let policy = StockPolicy::of("mug".to_owned()).change(backorder(9), "", NOW).unwrap();
        let refused = policy.change(backorder(1), "7", NOW).unwrap_err();
        assert!(matches!(refused, Error::EtagMismatch { current } if current == "1"));
    }

    #[test]
    fn units_are_backordered_at_one_location_and_under_one_policy_only() {
        let policy = StockPolicy::of("mug".to_owned()).change(backorder(9), "", NOW).unwrap();
        assert_eq!((policy.limit_at("main"), policy.limit_at("north")), (9, 0));
        let tracked = StockPolicy { policy: Policy::Tracked, ..policy };
        assert_eq!(tracked.limit_at("main"), 0);
    }
}
