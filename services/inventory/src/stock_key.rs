//! The key of a stock, and units by key.

use std::collections::BTreeMap;
use std::fmt;

/// Names one stock: a sku at a location. Sorts by sku, then location, which is the order in which
/// rows are locked. What a call asks for may have an empty location: any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StockKey {
    pub sku: String,
    pub location: String,
}

/// Units by stock; each stock appears once, with the sum of all lines that named it.
pub type Quantities = BTreeMap<StockKey, i64>;

impl StockKey {
    /// Returns `sku@location`, also without a location: as a program reads it in an error. A sku
    /// may have an `@` of its own, a location has none.
    pub fn subject(&self) -> String {
        format!("{}@{}", self.sku, self.location)
    }
}

impl fmt::Display for StockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sku)?;
        if self.location.is_empty() {
            return Ok(());
        }
        write!(f, "@{}", self.location)
    }
}

/// A stock that has fewer units than were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub key: StockKey,
    pub requested: i64,
    pub available: i64,
}
