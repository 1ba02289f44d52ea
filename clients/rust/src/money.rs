//! Amounts of money as decimal text. Exact: whole minor units never become a float, and nothing is
//! rounded.

use souk_types::{Currency, Money, MoneyError};

use crate::types::v1 as pb;

/// Returns how many digits the minor unit of a currency has by ISO 4217: 2 for GBP, 0 for JPY, 3
/// for KWD.
///
/// # Errors
/// [`MoneyError::Currency`] and [`MoneyError::NotOfCommerce`] for a code that is not an active
/// currency.
pub fn digits(currency_code: &str) -> Result<u8, MoneyError> {
    let currency: Currency = currency_code.parse()?;
    currency.digits().ok_or(MoneyError::NotOfCommerce(currency))
}

/// Returns the amount without the currency, for a form or a spreadsheet: `19.99`, `-0.05`, `1999`
/// in JPY.
///
/// # Errors
/// [`MoneyError::Currency`] and [`MoneyError::NotOfCommerce`] for a currency that ISO 4217 does not
/// list.
pub fn decimal(money: &pb::Money) -> Result<String, MoneyError> {
    Money::try_from(money)?.to_decimal()
}

/// Returns the amount with the currency, the same in every locale: `19.99 GBP`, `-0.05 GBP`,
/// `1999 JPY`, `1.250 KWD`.
///
/// # Errors
/// [`MoneyError::Currency`] and [`MoneyError::NotOfCommerce`] for a currency that ISO 4217 does not
/// list.
pub fn format(money: &pb::Money) -> Result<String, MoneyError> {
    Ok(format!("{} {}", decimal(money)?, money.currency_code))
}

/// Reads what [`format()`] writes. Digits after the point may be left out at the end: `19.9 GBP` is
/// 1990 minor units.
///
/// # Errors
/// [`MoneyError::Form`] for any other text, [`MoneyError::NotOfCommerce`] for a currency that ISO
/// 4217 does not list, [`MoneyError::Digits`] for more digits than the currency has, and
/// [`MoneyError::Range`] for an amount that 64 bits cannot hold.
pub fn parse(text: &str) -> Result<pb::Money, MoneyError> {
    Money::parse_decimal(text).map(Into::into)
}
