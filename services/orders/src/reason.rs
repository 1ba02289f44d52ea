//! Why an order was rejected or cancelled.

use std::fmt;
use std::str::FromStr;

use sea_orm::{DeriveValueType, EnumIter, Iterable};
use souk_client::orders::v1::ErrorReason;

/// The fact of a rejection that names the field of the request which is at fault.
pub const FIELD: &str = "field";

/// Why an order was rejected or cancelled. Kept with the order, under the name of the contract's
/// reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub enum Reason {
    PriceNotFound,
    PriceChanged,
    TotalOverflow,
    OutOfStock,
    PaymentDeclined,
    ReservationExpired,
    GaveUp,
    OrderCanceled,
    PaymentNotConfirmed,
    UnknownPaymentMethod,
    PaymentCanceled,
    NotForSale,
    PriceNotAllowed,
    UpstreamRefused,
    OutOfStep,
}

impl Reason {
    /// Returns the contract's reason.
    pub fn contract(self) -> ErrorReason {
        match self {
            Reason::PriceNotFound => ErrorReason::PriceNotFound,
            Reason::PriceChanged => ErrorReason::PriceChanged,
            Reason::TotalOverflow => ErrorReason::TotalOverflow,
            Reason::OutOfStock => ErrorReason::OutOfStock,
            Reason::PaymentDeclined => ErrorReason::PaymentDeclined,
            Reason::ReservationExpired => ErrorReason::ReservationExpired,
            Reason::GaveUp => ErrorReason::GaveUp,
            Reason::OrderCanceled => ErrorReason::OrderCanceled,
            Reason::PaymentNotConfirmed => ErrorReason::PaymentNotConfirmed,
            Reason::UnknownPaymentMethod => ErrorReason::UnknownPaymentMethod,
            Reason::PaymentCanceled => ErrorReason::PaymentCanceled,
            Reason::NotForSale => ErrorReason::NotForSale,
            Reason::PriceNotAllowed => ErrorReason::PriceNotAllowed,
            Reason::UpstreamRefused => ErrorReason::UpstreamRefused,
            Reason::OutOfStep => ErrorReason::OrderOutOfStep,
        }
    }

    /// Returns the name of the contract's reason, such as `ERROR_REASON_OUT_OF_STOCK`.
    pub fn name(self) -> &'static str {
        self.contract().as_str_name()
    }

    /// Says it to a person.
    pub fn text(self) -> &'static str {
        match self {
            Reason::PriceNotFound => "a line is not for sale in this currency",
            Reason::PriceChanged => "the total differs from the expected total",
            Reason::TotalOverflow => "the total is more than 1,000,000,000,000,000 minor units",
            Reason::OutOfStock => "there is not enough stock",
            Reason::PaymentDeclined => "the payment was declined",
            Reason::ReservationExpired => {
                "the stock reservation expired before the payment completed"
            }
            Reason::GaveUp => "an upstream service did not respond in time",
            Reason::OrderCanceled => "it was canceled",
            Reason::PaymentNotConfirmed => "the payment was not confirmed in time",
            Reason::UnknownPaymentMethod => "the payment provider does not know the payment method",
            Reason::PaymentCanceled => "its payment was canceled",
            Reason::NotForSale => "a line is not for sale",
            Reason::PriceNotAllowed => "a user may order at public prices only",
            Reason::UpstreamRefused => "an upstream service refused the request",
            Reason::OutOfStep => "its payment or its stock differs from the order",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no reason's.
#[derive(Debug, thiserror::Error)]
#[error("no reason has this name")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Reason::iter().find(|reason| reason.name() == name).ok_or(UnknownReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_again_by_its_name() {
        for reason in Reason::iter() {
            assert_eq!(reason.name().parse::<Reason>().unwrap(), reason);
            assert!(reason.name().starts_with("ERROR_REASON_"));
        }
    }
}
