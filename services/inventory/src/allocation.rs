//! Where the units of a reservation come from. Pure: the caller has locked the stock, and stores
//! the result.
//!
//! Lines that name a location take its units there, and before the others. These are allocated
//! together: to the first location, by priority and id, that has all of them on hand; otherwise to
//! the location that has the most of them, and then to the one that has the most of the rest. What
//! is on hand nowhere is backordered where that is allowed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::stock::Stock;
use crate::stock_key::{Quantities, Shortage, StockKey};

/// The stock of a sku at one location, with what decides about its use.
#[derive(Clone, Debug)]
pub struct Offer {
    pub stock: Stock,
    /// The priority of its location; none when the location is not active.
    pub priority: Option<i64>,
    /// At most this many available units are low.
    pub low: i64,
}

/// What is reserved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// Units by stock.
    pub units: Quantities,
    /// Units of skus without stock; their keys have no location.
    pub untracked: Quantities,
}

/// What can still be taken of one stock.
struct Left {
    on_hand: i64,
    /// Those that have yet to arrive included.
    reservable: i64,
}

/// Units of skus, at one location or still to be found.
type BySku<'a> = BTreeMap<&'a str, i64>;

/// Finds the units of all lines, or returns every line that is short. The same offers give the same
/// result.
pub fn allocate(
    offers: &[Offer],
    untracked: &BTreeSet<&str>,
    wanted: &Quantities,
) -> Result<Allocation, Vec<Shortage>> {
    let mut search = Search::new(offers);
    let mut anywhere = BySku::new();
    for (key, &quantity) in wanted {
        if untracked.contains(key.sku.as_str()) {
            let key = StockKey { sku: key.sku.clone(), location: String::new() };
            *search.found.untracked.entry(key).or_default() += quantity;
        } else if key.location.is_empty() {
            anywhere.insert(&key.sku, quantity);
        } else {
            search.take_there(key, quantity);
        }
    }
    search.take_anywhere(&mut anywhere);
    search.backorder(&mut anywhere);
    for (sku, missing) in anywhere {
        let key = StockKey { sku: sku.to_owned(), location: String::new() };
        let requested = wanted.get(&key).copied().unwrap_or(0);
        search.short.push(Shortage { available: requested - missing, key, requested });
    }
    if search.short.is_empty() {
        return Ok(search.found);
    }
    search.short.sort_by(|one, other| one.key.cmp(&other.key));
    Err(search.short)
}

struct Search<'a> {
    left: BTreeMap<&'a StockKey, Left>,
    /// The active locations in the order in which they are asked, and the skus of each.
    locations: BTreeMap<(Reverse<i64>, &'a str), Vec<&'a StockKey>>,
    found: Allocation,
    short: Vec<Shortage>,
}

impl<'a> Search<'a> {
    fn new(offers: &'a [Offer]) -> Self {
        let mut left = BTreeMap::new();
        let mut locations: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for Offer { stock, priority, .. } in offers {
            let Some(priority) = *priority else { continue };
            let units = Left { on_hand: stock.available(), reservable: stock.reservable() };
            left.insert(&stock.key, units);
            let location = (Reverse(priority), stock.key.location.as_str());
            locations.entry(location).or_default().push(&stock.key);
        }
        Search { left, locations, found: Allocation::default(), short: Vec::new() }
    }

    fn take(&mut self, key: &StockKey, quantity: i64) {
        if let Some(left) = self.left.get_mut(key) {
            left.on_hand = (left.on_hand - quantity).max(0);
            left.reservable -= quantity;
        }
        *self.found.units.entry(key.clone()).or_default() += quantity;
    }

    fn take_there(&mut self, key: &StockKey, requested: i64) {
        let available = self.left.get(key).map_or(0, |left| left.reservable);
        if requested > available {
            self.short.push(Shortage { key: key.clone(), requested, available });
        } else {
            self.take(key, requested);
        }
    }

    /// Takes units on hand from as few locations as a simple search finds.
    fn take_anywhere(&mut self, wanted: &mut BySku<'a>) {
        let mut unasked: Vec<Vec<&StockKey>> =
            std::mem::take(&mut self.locations).into_values().collect();
        while !wanted.is_empty() {
            let all: i64 = wanted.values().sum();
            // The first of those that have the most.
            let mut best = (0, None);
            for (place, keys) in unasked.iter().enumerate() {
                let has = keys.iter().map(|key| self.on_hand(key, wanted)).sum::<i64>();
                if has > best.0 {
                    best = (has, Some(place));
                }
                if has == all {
                    break;
                }
            }
            let Some(place) = best.1 else { return };
            for key in unasked.remove(place) {
                let units = self.on_hand(key, wanted);
                self.take_wanted(key, units, wanted);
            }
        }
    }

    /// Takes units that have yet to arrive.
    fn backorder(&mut self, wanted: &mut BySku<'a>) {
        let keys: Vec<&StockKey> = self.left.keys().copied().collect();
        for key in keys {
            let still = wanted.get(key.sku.as_str()).copied().unwrap_or(0);
            let units = self.left.get(key).map_or(0, |left| left.reservable.min(still));
            self.take_wanted(key, units, wanted);
        }
    }

    fn take_wanted(&mut self, key: &StockKey, units: i64, wanted: &mut BySku<'_>) {
        if units == 0 {
            return;
        }
        self.take(key, units);
        if let Some(still) = wanted.get_mut(key.sku.as_str()) {
            *still -= units;
            if *still == 0 {
                wanted.remove(key.sku.as_str());
            }
        }
    }

    fn on_hand(&self, key: &StockKey, wanted: &BySku<'_>) -> i64 {
        let still = wanted.get(key.sku.as_str()).copied().unwrap_or(0);
        self.left.get(key).map_or(0, |left| left.on_hand.min(still))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use souk_types::Timestamp;

    use super::*;

    fn key(name: &str) -> StockKey {
        let (sku, location) = name.split_once('@').unwrap_or((name, ""));
        StockKey { sku: sku.to_owned(), location: location.to_owned() }
    }

    fn offer(name: &str, priority: Option<i64>, on_hand: i64, reserved: i64, limit: i64) -> Offer {
        let update_time = Timestamp::from_micros(1);
        let key = key(name);
        let stock = Stock { key, on_hand, reserved, backorder_limit: limit, update_time };
        Offer { stock, priority, low: 5 }
    }

    fn on_hand(name: &str, on_hand: i64) -> Offer {
        offer(name, Some(0), on_hand, 0, 0)
    }

    fn units(units: &[(&str, i64)]) -> Quantities {
        units.iter().map(|&(name, quantity)| (key(name), quantity)).collect()
    }

    fn found(offers: &[Offer], wanted: &[(&str, i64)]) -> Quantities {
        allocate(offers, &BTreeSet::new(), &units(wanted)).unwrap().units
    }

    #[test]
    fn one_location_that_has_everything_comes_before_two_that_come_first() {
        let offers = [on_hand("cup@a", 9), on_hand("mug@b", 9), on_hand("cup@c", 1)];
        let offers = [&offers[..], &[on_hand("mug@c", 1)]].concat();
        assert_eq!(found(&offers, &[("cup", 1), ("mug", 1)]), units(&[("cup@c", 1), ("mug@c", 1)]));
    }

    #[test]
    fn of_several_that_have_everything_the_priority_and_then_the_id_decides() {
        let offers = [on_hand("mug@b", 5), on_hand("mug@a", 5), offer("mug@c", Some(1), 5, 0, 0)];
        assert_eq!(found(&offers, &[("mug", 5)]), units(&[("mug@c", 5)]));
        assert_eq!(found(&offers[..2], &[("mug", 5)]), units(&[("mug@a", 5)]));
    }

    #[test]
    fn what_no_location_has_alone_comes_from_those_that_have_most() {
        let offers = [on_hand("mug@a", 2), on_hand("mug@b", 4), on_hand("mug@c", 3)];
        assert_eq!(found(&offers, &[("mug", 7)]), units(&[("mug@b", 4), ("mug@c", 3)]));
        assert_eq!(
            found(&offers, &[("mug", 8)]),
            units(&[("mug@a", 1), ("mug@b", 4), ("mug@c", 3)])
        );
    }

    #[test]
    fn a_named_location_is_used_before_the_rest_is_allocated() {
        let offers = [on_hand("mug@a", 3), on_hand("mug@b", 9)];
        let wanted = [("mug", 2), ("mug@a", 2)];
        assert_eq!(found(&offers, &wanted), units(&[("mug@a", 2), ("mug@b", 2)]));
    }

    #[test]
    fn a_location_that_is_not_active_has_nothing() {
        let offers = [offer("mug@a", None, 9, 0, 9), on_hand("mug@b", 1)];
        for name in ["mug", "mug@a"] {
            let refused = allocate(&offers, &BTreeSet::new(), &units(&[(name, 2)])).unwrap_err();
            let available = i64::from(name == "mug");
            assert_eq!(refused, [Shortage { key: key(name), requested: 2, available }]);
        }
    }

    #[test]
    fn only_what_is_on_hand_nowhere_is_backordered() {
        let offers = [offer("mug@a", Some(0), 2, 1, 5), on_hand("mug@b", 3)];
        assert_eq!(found(&offers, &[("mug", 6)]), units(&[("mug@a", 3), ("mug@b", 3)]));
        assert_eq!(found(&offers, &[("mug@a", 6)]), units(&[("mug@a", 6)]));
        let refused = allocate(&offers, &BTreeSet::new(), &units(&[("mug", 10)])).unwrap_err();
        assert_eq!(refused, [Shortage { key: key("mug"), requested: 10, available: 9 }]);
    }

    #[test]
    fn skus_without_stock_need_none() {
        let untracked = BTreeSet::from(["film"]);
        let wanted = units(&[("film", 2), ("film@a", 1), ("mug", 1)]);
        let allocation = allocate(&[on_hand("mug@a", 1)], &untracked, &wanted).unwrap();
        assert_eq!(allocation.untracked, units(&[("film", 3)]));
        assert_eq!(allocation.units, units(&[("mug@a", 1)]));
    }

    #[test]
    fn every_line_that_is_short_is_told_in_order() {
        let offers = [offer("mug@a", Some(0), 5, 3, 0), on_hand("cup@a", 9)];
        let wanted = units(&[("mug@a", 3), ("cup", 9), ("jar", 1)]);
        let short = allocate(&offers, &BTreeSet::new(), &wanted).unwrap_err();
        let of = |name, requested, available| Shortage { key: key(name), requested, available };
        assert_eq!(short, [of("jar", 1, 0), of("mug@a", 3, 2)]);
    }

    proptest! {
        /// Whatever is offered and wanted: nothing is taken that is not there, and everything that
        /// is wanted is found, unless all of it together is too little.
        #[test]
        fn an_allocation_is_exact(
            stocks in vec((0..3_usize, 0..4_usize, 0..6_i64, 0..3_i64, any::<bool>()), 0..12),
            lines in vec((0..3_usize, 0..5_usize, 1..8_i64), 1..5),
        ) {
            let sku = |number: usize| ["cup", "jar", "mug"][number];
            let place = |number: usize| ["a", "b", "c", "d", ""][number];
            let mut offers = BTreeMap::new();
            for (number, location, on_hand, limit, is_active) in stocks {
                let name = format!("{}@{}", sku(number), place(location));
                let priority = is_active.then_some(location as i64 % 2);
                offers.insert(name.clone(), offer(&name, priority, on_hand, 0, limit));
            }
            let offers: Vec<Offer> = offers.into_values().collect();
            let mut wanted = Quantities::new();
            for (number, location, quantity) in lines {
                *wanted.entry(key(&format!("{}@{}", sku(number), place(location)))).or_default() += quantity;
            }
            let active = || offers.iter().filter(|offer| offer.priority.is_some());
            let sum_of = |units: &Quantities, sku: &str| -> i64 {
                units.iter().filter(|(key, _)| key.sku == sku).map(|(_, quantity)| quantity).sum()
            };
            match allocate(&offers, &BTreeSet::new(), &wanted) {
                Ok(allocation) => {
                    for (key, units) in &allocation.units {
                        let stock = active().find(|offer| offer.stock.key == *key).unwrap();
                        prop_assert!(*units <= stock.stock.reservable());
                        prop_assert!(*units >= wanted.get(key).copied().unwrap_or(0));
                    }
                    for number in 0..3 {
                        prop_assert_eq!(sum_of(&allocation.units, sku(number)), sum_of(&wanted, sku(number)));
                    }
                }
                Err(short) => {
                    prop_assert!(!short.is_empty());
                    for Shortage { key, requested, available } in short {
                        prop_assert!(available < requested);
                        let there: i64 = active()
                            .filter(|offer| offer.stock.key.sku == key.sku)
                            .filter(|offer| key.location.is_empty() || offer.stock.key.location == key.location)
                            .map(|offer| offer.stock.reservable())
                            .sum();
                        prop_assert!(available <= there);
                    }
                }
            }
        }
    }
}
