//! The rules of stock: how many units are on hand, how many of them are reserved, and how either
//! may change. Pure: the caller has locked the rows, and stores the result.

use std::collections::BTreeMap;

use souk_types::Timestamp;

use crate::error::Error;
use crate::movement::MovementKind;
use crate::stock_key::{Quantities, StockKey};

/// The stock that was found, and locked, for some keys. What was never received is not in it.
pub type Found = BTreeMap<StockKey, Stock>;

/// The most units that one stock holds: the contract says them in 32 bits.
pub const MOST_UNITS: i64 = 1_000_000_000;

/// The stock of one sku at one location, in units.
///
/// **Invariant:** `0 ≤ on_hand` and `0 ≤ reserved ≤ on_hand + backorder_limit`. It is a CHECK of
/// the table as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    pub key: StockKey,
    /// Units that are physically there, reserved ones included.
    pub on_hand: i64,
    /// Units that are promised to reservations which are held or committed.
    pub reserved: i64,
    /// Units that may be promised beyond those on hand.
    pub backorder_limit: i64,
    pub update_time: Timestamp,
}

impl Stock {
    /// Returns how many units on hand are not reserved.
    pub fn available(&self) -> i64 {
        (self.on_hand - self.reserved).max(0)
    }

    /// Returns how many units can be reserved, those that have yet to arrive included.
    pub fn reservable(&self) -> i64 {
        (self.on_hand + self.backorder_limit - self.reserved).max(0)
    }

    /// Returns the stock after a movement; nothing when that would break the invariant.
    pub fn after(&self, kind: MovementKind, quantity: i64, now: Timestamp) -> Option<Stock> {
        let (on_hand_change, reserved_change) = kind.changes(quantity);
        let on_hand = self.on_hand.checked_add(on_hand_change)?;
        let reserved = self.reserved.checked_add(reserved_change)?;
        let limit = on_hand.checked_add(self.backorder_limit)?;
        let holds = 0 <= on_hand && 0 <= reserved && reserved <= limit;
        holds.then(|| Stock { on_hand, reserved, update_time: now, ..self.clone() })
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
        let more = stock.after(kind, quantity, now).filter(|more| more.on_hand <= MOST_UNITS);
        after.push(more.ok_or_else(|| Error::QuantityOverflow(key.clone()))?);
    }
    Ok(after)
}

/// Corrects the units on hand by a signed number. What is promised must stay there.
pub fn adjust(found: &Found, key: &StockKey, change: i64, now: Timestamp) -> Result<Stock, Error> {
    let stock = found.get(key).ok_or_else(|| Error::StockNotFound(key.clone()))?;
    if change > 0 && change > MOST_UNITS - stock.on_hand {
        return Err(Error::QuantityOverflow(key.clone()));
    }
    stock.after(MovementKind::Adjusted, change, now).ok_or_else(|| Error::StockWouldFallShort {
        key: key.clone(),
        change,
        on_hand: stock.on_hand,
        reserved: stock.reserved,
    })
}

/// Takes units out of the promised ones, because they left or because the promise ended. Only units
/// that have yet to arrive cannot leave; otherwise a reservation that is held or committed has its
/// units, or the database is wrong. Returns the stock after it.
pub fn settle(
    kind: MovementKind,
    found: &Found,
    units: &Quantities,
    now: Timestamp,
) -> Result<Vec<Stock>, Error> {
    let mut settled = Vec::with_capacity(units.len());
    for (key, &quantity) in units {
        let stock = found.get(key);
        if let Some(stock) = stock
            && kind == MovementKind::Consumed
            && stock.on_hand < quantity
            && quantity <= stock.reserved
        {
            let on_hand = stock.on_hand;
            return Err(Error::StockNotOnHand { key: key.clone(), requested: quantity, on_hand });
        }
        let after = stock.and_then(|stock| stock.after(kind, quantity, now));
        let after = after.ok_or_else(|| {
            Error::Inconsistent(format!("stock {key} does not hold the units reserved of it"))
        });
        settled.push(after?);
    }
    Ok(settled)
}

/// Sets how many units may be promised beyond those on hand. What is promised stays promised.
pub fn limit(stock: &Stock, backorder_limit: i64, now: Timestamp) -> Result<Stock, Error> {
    let backordered = stock.reserved - stock.on_hand;
    if backordered > backorder_limit {
        return Err(Error::UnitsBackordered { key: stock.key.clone(), backordered });
    }
    Ok(Stock { backorder_limit, update_time: now, ..stock.clone() })
}

/// Makes what is promised of a stock what its reservations promise. The units on hand come from a
/// count and stay unchanged.
pub fn repair(stock: &Stock, promised: i64, now: Timestamp) -> Result<Stock, Error> {
    if promised > stock.on_hand + stock.backorder_limit {
        let key = stock.key.clone();
        let on_hand = stock.on_hand;
        return Err(Error::StockWouldFallShort { key, change: 0, on_hand, reserved: promised });
    }
    Ok(Stock { reserved: promised, update_time: now, ..stock.clone() })
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
            let key = key(sku);
            (key.clone(), Stock { key, on_hand, reserved, backorder_limit: 0, update_time })
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
            let stock = &after[0];
            assert_eq!((stock.on_hand, stock.reserved, stock.update_time), (7, 3, NOW));
        }
    }

    #[test]
    fn more_units_than_can_be_counted_are_refused() {
        let full = found(&[("mug", MOST_UNITS, 0)]);
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
    fn units_that_have_yet_to_arrive_are_promised_up_to_the_limit_and_do_not_leave() {
        let mut stock = found(&[("mug", 1, 3)]);
        stock.get_mut(&key("mug")).unwrap().backorder_limit = 4;
        let mug = &stock[&key("mug")];
        assert_eq!((mug.available(), mug.reservable()), (0, 2));
        assert!(mug.after(MovementKind::Reserved, 2, NOW).is_some());
        assert!(mug.after(MovementKind::Reserved, 3, NOW).is_none());

        settle(MovementKind::Consumed, &stock, &units(&[("mug", 1)]), NOW).unwrap();
        let refused = settle(MovementKind::Consumed, &stock, &units(&[("mug", 2)]), NOW);
        assert!(matches!(refused, Err(Error::StockNotOnHand { requested: 2, on_hand: 1, .. })));
        settle(MovementKind::Released, &stock, &units(&[("mug", 3)]), NOW).unwrap();
        assert_eq!(adjust(&stock, &key("mug"), -1, NOW).unwrap().on_hand, 0);
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
    fn a_limit_does_not_fall_below_what_is_backordered() {
        let stock = Stock { backorder_limit: 4, ..found(&[("mug", 1, 3)])[&key("mug")].clone() };
        assert_eq!(limit(&stock, 2, NOW).unwrap().backorder_limit, 2);
        let refused = limit(&stock, 1, NOW).unwrap_err();
        assert!(matches!(refused, Error::UnitsBackordered { backordered: 2, .. }));
    }

    #[test]
    fn stock_sorts_by_sku_and_then_by_location() {
        let at = |sku: &str, location: &str| StockKey {
            sku: sku.to_owned(),
            location: location.to_owned(),
        };
        assert!(at("a", "z") < at("b", "a") && at("a", "a") < at("a", "b"));
        assert_eq!(at("mug", "main").to_string(), "mug@main");
        assert_eq!(at("mug", "").to_string(), "mug");
    }
}
