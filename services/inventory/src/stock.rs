//! The rules of stock: how many units are on hand, how many of them are reserved, and how either
//! may change. Pure: the caller has locked the rows, and stores the result.

use std::collections::BTreeMap;

use souk_types::Timestamp;

use crate::error::Error;
use crate::movement::MovementKind;
use crate::stock_key::{Quantities, Shortage, StockKey};

/// The stock that was found, and locked, for some keys. What was never received is not in it.
pub type Found = BTreeMap<StockKey, Stock>;

/// The stock of one sku at one location, in units.
///
/// **Invariant:** `0 ≤ reserved ≤ on_hand`. It is a CHECK of the table as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    pub key: StockKey,
    /// Units that are physically there, reserved ones included.
    pub on_hand: i64,
    /// Units that are promised to reservations which are held or committed.
    pub reserved: i64,
    pub update_time: Timestamp,
}

impl Stock {
    /// Returns how many units are not reserved.
    pub fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }

    /// Returns the stock after a movement; nothing when that would break the invariant or leave the
    /// range of 64 bits.
    fn after(&self, kind: MovementKind, quantity: i64, now: Timestamp) -> Option<Stock> {
        let (on_hand_change, reserved_change) = kind.changes(quantity);
        let on_hand = self.on_hand.checked_add(on_hand_change)?;
        let reserved = self.reserved.checked_add(reserved_change)?;
        let holds = 0 <= reserved && reserved <= on_hand;
        holds.then(|| Stock { key: self.key.clone(), on_hand, reserved, update_time: now })
    }
}

/// Adds units that arrived or came back. The stock must be there; an empty one is enough.
pub fn add(
    kind: MovementKind,
    found: &Found,
    units: &Quantities,
    now: Timestamp,
) -> Result<Vec<Stock>, Error> {
    let mut after = Vec::with_capacity(units.len());
    for (key, &quantity) in units {
        let stock = found.get(key).ok_or_else(|| Error::StockNotFound(key.clone()))?;
        let more =
            stock.after(kind, quantity, now).ok_or_else(|| Error::QuantityOverflow(key.clone()))?;
        after.push(more);
    }
    Ok(after)
}

/// Corrects the units on hand by a signed number. What is promised must stay there.
pub fn adjust(found: &Found, key: &StockKey, change: i64, now: Timestamp) -> Result<Stock, Error> {
    let stock = found.get(key).ok_or_else(|| Error::StockNotFound(key.clone()))?;
    if stock.on_hand.checked_add(change).is_none() {
        return Err(Error::QuantityOverflow(key.clone()));
    }
    stock.after(MovementKind::Adjusted, change, now).ok_or_else(|| Error::StockWouldFallShort {
        key: key.clone(),
        change,
        on_hand: stock.on_hand,
        reserved: stock.reserved,
    })
}

/// Reserves units of every stock, or returns every stock that is short.
pub fn reserve(found: &Found, wanted: &Quantities) -> Result<(), Error> {
    let mut short = Vec::new();
    for (key, &requested) in wanted {
        let available = found.get(key).map_or(0, Stock::available);
        if requested > available {
            short.push(Shortage { key: key.clone(), requested, available });
        }
    }
    if short.is_empty() { Ok(()) } else { Err(Error::OutOfStock(short)) }
}

/// Takes units out of the promised ones, because they left or because the promise ended. No call
/// can be refused here: a reservation that is held or committed has its units, or the database is
/// wrong. Returns the stock after it.
pub fn settle(
    kind: MovementKind,
    found: &Found,
    units: &Quantities,
    now: Timestamp,
) -> Result<Vec<Stock>, Error> {
    let mut settled = Vec::with_capacity(units.len());
    for (key, &quantity) in units {
        let after = found.get(key).and_then(|stock| stock.after(kind, quantity, now));
        let after = after.ok_or_else(|| {
            Error::Inconsistent(format!("stock {key} does not hold the units reserved of it"))
        });
        settled.push(after?);
    }
    Ok(settled)
}

/// Makes what is promised of a stock what its reservations promise. The units on hand come from a
/// count and stay unchanged.
pub fn repair(stock: &Stock, promised: i64, now: Timestamp) -> Result<Stock, Error> {
    if promised > stock.on_hand {
        let key = stock.key.clone();
        let on_hand = stock.on_hand;
        return Err(Error::StockWouldFallShort { key, change: 0, on_hand, reserved: promised });
    }
    Ok(Stock {
        key: stock.key.clone(),
        on_hand: stock.on_hand,
        reserved: promised,
        update_time: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    fn key(sku: &str) -> StockKey {
        StockKey { sku: sku.to_owned(), location: "main".to_owned() }
    }

    fn found(stock: &[(&str, i64, i64)]) -> Found {
        let stock = stock.iter().map(|&(sku, on_hand, reserved)| {
            let update_time = Timestamp::from_micros(1);
            (key(sku), Stock { key: key(sku), on_hand, reserved, update_time })
        });
        stock.collect()
    }

    fn units(units: &[(&str, i64)]) -> Quantities {
        units.iter().map(|&(sku, quantity)| (key(sku), quantity)).collect()
    }

    #[test]
    fn units_that_arrive_or_come_back_are_added_to_those_on_hand() {
        for kind in [MovementKind::Received, MovementKind::Returned] {
            let after = add(kind, &found(&[("mug", 5, 3)]), &units(&[("mug", 2)]), NOW).unwrap();
            assert_eq!(
                after,
                [Stock { key: key("mug"), on_hand: 7, reserved: 3, update_time: NOW }]
            );
        }
    }

    #[test]
    fn more_units_than_can_be_counted_are_refused() {
        let full = found(&[("mug", i64::MAX, 0)]);
        let refused = add(MovementKind::Received, &full, &units(&[("mug", 1)]), NOW).unwrap_err();
        assert!(matches!(refused, Error::QuantityOverflow(at) if at == key("mug")));
        assert!(matches!(adjust(&full, &key("mug"), 1, NOW), Err(Error::QuantityOverflow(_))));
    }

    #[test]
    fn an_adjustment_goes_down_to_what_is_promised_and_no_further() {
        let stock = found(&[("mug", 5, 3)]);
        assert_eq!(adjust(&stock, &key("mug"), -2, NOW).unwrap().on_hand, 3);
        assert_eq!(adjust(&stock, &key("mug"), 4, NOW).unwrap().on_hand, 9);
        let refused = adjust(&stock, &key("mug"), -3, NOW).unwrap_err();
        assert!(matches!(
            refused,
            Error::StockWouldFallShort { on_hand: 5, reserved: 3, change: -3, .. }
        ));
    }

    #[test]
    fn what_was_never_received_cannot_be_adjusted_or_come_back() {
        assert!(matches!(adjust(&found(&[]), &key("mug"), 1, NOW), Err(Error::StockNotFound(_))));
        let refused =
            add(MovementKind::Returned, &found(&[]), &units(&[("mug", 1)]), NOW).unwrap_err();
        assert!(matches!(refused, Error::StockNotFound(_)));
    }

    #[test]
    fn the_last_available_unit_can_be_promised() {
        reserve(&found(&[("mug", 5, 3), ("cup", 1, 0)]), &units(&[("mug", 2), ("cup", 1)]))
            .unwrap();
    }

    #[test]
    fn every_stock_that_is_short_is_told() {
        let stock = found(&[("mug", 5, 3), ("cup", 9, 0)]);
        let refused = reserve(&stock, &units(&[("mug", 3), ("cup", 9), ("jar", 1)])).unwrap_err();
        let Error::OutOfStock(short) = refused else { panic!("{refused}") };
        let of = |sku, requested, available| Shortage { key: key(sku), requested, available };
        assert_eq!(short, [of("jar", 1, 0), of("mug", 3, 2)]);
    }

    #[test]
    fn promised_units_leave_or_become_free() {
        let stock = found(&[("mug", 5, 3)]);
        for kind in [MovementKind::Released, MovementKind::Expired, MovementKind::Consumed] {
            settle(kind, &stock, &units(&[("mug", 3)]), NOW).unwrap();
            let refused = settle(kind, &stock, &units(&[("mug", 4)]), NOW).unwrap_err();
            assert!(matches!(refused, Error::Inconsistent(_)), "{kind:?} beyond what is promised");
        }
    }

    #[test]
    fn stock_sorts_by_sku_and_then_by_location() {
        let at = |sku: &str, location: &str| StockKey {
            sku: sku.to_owned(),
            location: location.to_owned(),
        };
        assert!(at("a", "z") < at("b", "a") && at("a", "a") < at("a", "b"));
        assert_eq!(at("mug", "main").to_string(), "mug@main");
    }
}
