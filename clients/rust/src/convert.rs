//! Conversions between the contract's types and Souk's values, which cannot hold bad data.

use souk_types::{Money, MoneyError};

use crate::types::v1 as pb;

impl From<Money> for pb::Money {
    fn from(money: Money) -> Self {
        Self { currency_code: money.currency.to_string(), minor_units: money.minor }
    }
}

impl TryFrom<pb::Money> for Money {
    type Error = MoneyError;

    /// # Errors
    /// When the currency is not three upper-case letters.
    fn try_from(money: pb::Money) -> Result<Self, MoneyError> {
        Self::try_from(&money)
    }
}

impl TryFrom<&pb::Money> for Money {
    type Error = MoneyError;

    /// # Errors
    /// When the currency is not three upper-case letters.
    fn try_from(money: &pb::Money) -> Result<Self, MoneyError> {
        Ok(Self { currency: money.currency_code.parse()?, minor: money.minor_units })
    }
}
