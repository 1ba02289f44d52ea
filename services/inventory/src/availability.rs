//! Whether a sku can be bought, from its stock at all locations and its policy. Pure.

use souk_types::Timestamp;

use crate::policy::{Policy, StockPolicy};

/// The most units that everyone sees: more would show how much is sold.
const TOLD_TO_ALL: i64 = 10;

/// Whether a sku can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvailabilityState {
    InStock,
    Low,
    Backorder,
    OutOfStock,
    Untracked,
}

/// What can be bought of a sku.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    pub sku: String,
    pub state: AvailabilityState,
    /// Units on hand that are not reserved.
    pub available: i64,
    /// Units that can be reserved beyond those.
    pub backorderable: i64,
    /// When those are expected.
    pub expected_time: Option<Timestamp>,
}

impl Availability {
    /// Returns what can be bought of a sku of which this many units are there.
    pub fn of(policy: &StockPolicy, available: i64, backorderable: i64) -> Self {
        let state = match () {
            () if policy.policy == Policy::Untracked => AvailabilityState::Untracked,
            () if available > policy.low_quantity => AvailabilityState::InStock,
            () if available > 0 => AvailabilityState::Low,
            () if backorderable > 0 => AvailabilityState::Backorder,
            () => AvailabilityState::OutOfStock,
        };
        let is_tracked = state != AvailabilityState::Untracked;
        let available = if is_tracked { available } else { 0 };
        let backorderable = if is_tracked { backorderable } else { 0 };
        let expected_time = policy.expected_time.filter(|_| backorderable > 0);
        Availability { sku: policy.sku.clone(), state, available, backorderable, expected_time }
    }

    /// Returns what everybody may see of it.
    #[must_use]
    pub fn told_to_all(self) -> Self {
        Availability {
            available: self.available.min(TOLD_TO_ALL),
            backorderable: self.backorderable.min(TOLD_TO_ALL),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(policy: Policy, available: i64, backorderable: i64) -> Availability {
        let expected_time = Some(Timestamp::from_micros(9));
        let policy = StockPolicy { policy, expected_time, ..StockPolicy::of("mug".to_owned()) };
        Availability::of(&policy, available, backorderable)
    }

    #[test]
    fn the_state_follows_the_units_and_the_policy() {
        use AvailabilityState::{Backorder, InStock, Low, OutOfStock, Untracked};
        for (policy, available, backorderable, state) in [
            (Policy::Tracked, 6, 0, InStock),
            (Policy::Tracked, 5, 0, Low),
            (Policy::Tracked, 0, 0, OutOfStock),
            (Policy::Backorder, 0, 1, Backorder),
            (Policy::Backorder, 1, 1, Low),
            (Policy::Untracked, 3, 0, Untracked),
        ] {
            assert_eq!(of(policy, available, backorderable).state, state, "{policy:?} {available}");
        }
        assert_eq!(of(Policy::Untracked, 3, 2).available, 0);
        assert_eq!(of(Policy::Tracked, 3, 0).expected_time, None);
        assert!(of(Policy::Backorder, 3, 2).expected_time.is_some());
    }

    #[test]
    fn everybody_sees_ten_units_at_most() {
        let many = of(Policy::Backorder, 11, 12).told_to_all();
        assert_eq!((many.available, many.backorderable), (10, 10));
        assert_eq!(of(Policy::Tracked, 9, 0).told_to_all().available, 9);
    }
}
