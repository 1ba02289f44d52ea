//! The key of a stock, and units by key.

use std::collections::BTreeMap;
use std::fmt;

/// Names one stock: a sku at a location. Sorts by sku, then location, which is the order in which
/// rows are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StockKey {
    pub sku: String,
    pub location: String,
}

/// Units by stock; each stock appears once, with the sum of all lines that named it.
pub type Quantities = BTreeMap<StockKey, i64>;

impl fmt::Display for StockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.sku, self.location)
    }
}

/// A stock that has fewer units than were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub key: StockKey,
    pub requested: i64,
    pub available: i64,
}
