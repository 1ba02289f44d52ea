//! Ledgers: each has one currency, which never changes, and all of its accounts are in it.

use souk_types::{Currency, Timestamp};

/// A ledger as it is stored; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub number: u32,
    /// None when its units are no currency.
    pub currency: Option<Currency>,
    pub create_time: Timestamp,
}

impl Ledger {
    /// Returns how many digits its minor unit has after the decimal point.
    pub fn fraction_digits(&self) -> u8 {
        self.currency.and_then(Currency::digits).unwrap_or(0)
    }

    /// Returns the code of its currency; empty when it has none.
    pub fn currency_code(&self) -> &str {
        self.currency.as_ref().map_or("", Currency::as_str)
    }
}
