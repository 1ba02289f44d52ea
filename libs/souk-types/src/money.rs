//! Money: whole minor units of one currency, in checked arithmetic. There are no floats and no
//! rounding here.

use std::fmt;
use std::str::FromStr;

/// Why an amount could not be built or computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("must be a currency of three capital letters, as in ISO 4217")]
    Currency,
    #[error("must be an ISO 4217 currency such as GBP, not {0}")]
    NotOfCommerce(Currency),
    #[error("amounts in {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    #[error("the amount overflows 64 bits")]
    Overflow,
    #[error(
        "must be digits with a decimal point, a space and a currency, \
         as in -19.99 GBP or 1999 JPY"
    )]
    Form,
    #[error("must have at most {digits} digits after the point in {currency}")]
    Digits { currency: Currency, digits: u8 },
    #[error(
        "must be from {} to {} in {currency}",
        decimal(i64::MIN, *.digits),
        decimal(i64::MAX, *.digits)
    )]
    Range { currency: Currency, digits: u8 },
}

/// The active currencies of ISO 4217 with their minor-unit digits, one `CODE,DIGITS` a line below
/// the header, by code. Codes for tests, for no currency, for metals and for units of account (XTS,
/// XXX, XAU, XDR) are left out. The clients in other languages are generated from it.
const TABLE: &str = include_str!("../../../proto/currencies.csv");

/// Names a currency by its ISO 4217 code, such as `GBP`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Returns the three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is built from ASCII letters only")
    }

    /// Returns how many digits its minor unit has (2 for GBP, 0 for JPY, 3 for KWD), or none when
    /// it is not an active currency of ISO 4217.
    pub fn digits(self) -> Option<u8> {
        TABLE
            .lines()
            .find_map(|line| line.strip_prefix(self.as_str())?.strip_prefix(',')?.parse().ok())
    }

    /// Returns the currency if things can be sold in it, which is to say that ISO 4217 lists it as
    /// active: not ZZZ, XTS or XXX.
    ///
    /// # Errors
    /// [`MoneyError::NotOfCommerce`].
    pub fn of_commerce(self) -> Result<Self, MoneyError> {
        self.digits().map(|_| self).ok_or(MoneyError::NotOfCommerce(self))
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| MoneyError::Currency)?;
        if letters.iter().all(u8::is_ascii_uppercase) {
            Ok(Currency(letters))
        } else {
            Err(MoneyError::Currency)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount: `minor` whole minor units (pence, cents, yen) of `currency`. May be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    pub currency: Currency,
    pub minor: i64,
}

impl Money {
    /// Returns `minor` minor units of `currency`.
    pub const fn new(currency: Currency, minor: i64) -> Self {
        Money { currency, minor }
    }

    /// Returns nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Money { currency, minor: 0 }
    }

    /// Returns the sum, or the reason why there is none.
    #[allow(clippy::should_implement_trait)] // `+` could not say that there is none.
    pub fn add(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// Returns the difference, or the reason why there is none.
    pub fn subtract(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// Returns the amount `quantity` times, or [`MoneyError::Overflow`].
    pub fn times(self, quantity: i64) -> Result<Money, MoneyError> {
        let minor = self.minor.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// Returns the amount as decimal text without the currency, exactly: `19.99`, `-0.05`, and
    /// `1999` in JPY.
    ///
    /// # Errors
    /// [`MoneyError::NotOfCommerce`] when ISO 4217 does not list the currency.
    pub fn to_decimal(self) -> Result<String, MoneyError> {
        let digits = self.currency.digits().ok_or(MoneyError::NotOfCommerce(self.currency))?;
        Ok(decimal(self.minor, digits))
    }

    /// Reads decimal text with its currency, exactly: `19.99 GBP`, `-0.05 GBP`, `1999 JPY`. Digits
    /// after the point may be left out at the end: `19.9 GBP` is 1990 minor units.
    ///
    /// This is not what [`Display`](fmt::Display) writes, which is minor units.
    ///
    /// # Errors
    /// [`MoneyError::Form`] for any other text, [`MoneyError::NotOfCommerce`] for a currency that
    /// ISO 4217 does not list, [`MoneyError::Digits`] for more digits than the currency has, and
    /// [`MoneyError::Range`] for an amount that 64 bits cannot hold.
    pub fn parse_decimal(text: &str) -> Result<Money, MoneyError> {
        let (amount, code) = text.rsplit_once(' ').ok_or(MoneyError::Form)?;
        let currency: Currency = code.parse().map_err(|_| MoneyError::Form)?;
        let number = amount.strip_prefix('-').unwrap_or(amount);
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return Err(MoneyError::Form),
            Some(parts) => parts,
            None => (number, ""),
        };
        let has_zeros = whole.starts_with('0') && whole != "0";
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || has_zeros || !are_digits(whole) || !are_digits(fraction) {
            return Err(MoneyError::Form);
        }

        let digits = currency.digits().ok_or(MoneyError::NotOfCommerce(currency))?;
        let missing = usize::from(digits)
            .checked_sub(fraction.len())
            .ok_or(MoneyError::Digits { currency, digits })?;
        let sign = if amount.len() > number.len() { "-" } else { "" };
        let minor = format!("{sign}{whole}{fraction}{}", "0".repeat(missing)).parse();
        let minor = minor.map_err(|_| MoneyError::Range { currency, digits })?;
        Ok(Money { currency, minor })
    }

    fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor, self.currency)
    }
}

/// Returns minor units as decimal text with this many digits after the point.
fn decimal(minor: i64, digits: u8) -> String {
    let digits = usize::from(digits);
    let text = format!("{:0>1$}", minor.unsigned_abs(), digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gbp(minor: i64) -> Money {
        Money::new("GBP".parse().unwrap(), minor)
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("GBP".parse::<Currency>().unwrap().to_string(), "GBP");
        for wrong in ["", "gbp", "GB", "GBPX", "G1P", "ÄÖ"] {
            assert_eq!(wrong.parse::<Currency>(), Err(MoneyError::Currency), "{wrong}");
        }
    }

    #[test]
    fn things_are_sold_in_active_currencies_of_iso_4217_only() {
        for (code, digits) in
            [("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2), ("IQD", 3), ("XOF", 0)]
        {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(
                (currency.digits(), currency.of_commerce()),
                (Some(digits), Ok(currency)),
                "{code}"
            );
        }
        for code in ["XXX", "XTS", "ZZZ", "XAU", "XDR", "COD"] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(currency.of_commerce(), Err(MoneyError::NotOfCommerce(currency)), "{code}");
        }
        assert!(TABLE.lines().skip(1).all(|line| line.len() == 5 && line.as_bytes()[3] == b','));
    }

    #[test]
    fn what_iso_4217_does_not_list_is_not_written() {
        let nothing: Currency = "XXX".parse().unwrap();
        let refused = Money::new(nothing, 1).to_decimal();
        assert_eq!(refused, Err(MoneyError::NotOfCommerce(nothing)));
    }

    #[test]
    fn two_currencies_do_not_add_up() {
        let yen = Money::new("JPY".parse().unwrap(), 1);
        assert_eq!(
            gbp(1).add(yen),
            Err(MoneyError::CurrencyMismatch(gbp(1).currency, yen.currency))
        );
    }

    #[test]
    fn overflow_is_an_error_and_never_wraps() {
        assert_eq!(gbp(i64::MAX).add(gbp(1)), Err(MoneyError::Overflow));
        assert_eq!(gbp(i64::MIN).subtract(gbp(1)), Err(MoneyError::Overflow));
        assert_eq!(gbp(i64::MAX).times(2), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_amount(minor in any::<i64>(), line in 1usize..100) {
            let code = &TABLE.lines().nth(line).unwrap()[..3];
            let money = Money::new(code.parse().unwrap(), minor);
            let written = format!("{} {code}", money.to_decimal().unwrap());
            prop_assert_eq!(Money::parse_decimal(&written), Ok(money));
        }

        #[test]
        fn what_was_added_can_be_subtracted(a in -1_000_000_000i64..1_000_000_000, b in -1_000_000_000i64..1_000_000_000) {
            prop_assert_eq!(gbp(a).add(gbp(b)).unwrap().subtract(gbp(b)).unwrap(), gbp(a));
        }
    }
}
