//! Why an order was rejected or canceled.

use std::fmt;
use std::str::FromStr;

use sea_orm::{DeriveValueType, EnumIter, Iterable};
use souk_client::orders::v1::{ErrorReason, OrderClosureReason};

/// The fact of a rejection that names a field of the request which is at fault; one a field.
pub const FIELD: &str = "field";

/// The fact of a rejection that names a sku which is short: `requested available sku`.
pub const SHORTAGE: &str = "shortage";

/// Why an order was rejected or canceled. Kept with the order, under the name of the contract's
/// reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub enum Reason {
    VariantNotFound,
    PriceNotFound,
    PriceArchived,
    CurrencyMismatch,
    NotForSale,
    PriceNotAllowed,
    PriceChanged,
    TotalOverflow,
    /// Nothing is left for the payment of the rest.
    PartialPaymentsExceedTotal,
    OutOfStock,
    PaymentDeclined,
    ReservationExpired,
    GaveUp,
    OrderCanceled,
    PaymentActionExpired,
    UnknownPaymentMethod,
    PaymentCanceled,
    UpstreamRefused,
    OutOfStep,
    /// Units that are to leave are not there.
    StockNotOnHand,
    /// All was paid back before its goods left.
    Refunded,
}

impl Reason {
    /// Returns the reason with which a call fails.
    pub fn error(self) -> ErrorReason {
        match self {
            Reason::VariantNotFound => ErrorReason::VariantNotFound,
            Reason::PriceNotFound => ErrorReason::PriceNotFound,
            Reason::PriceArchived => ErrorReason::PriceArchived,
            Reason::CurrencyMismatch => ErrorReason::CurrencyMismatch,
            Reason::NotForSale => ErrorReason::NotForSale,
            Reason::PriceNotAllowed => ErrorReason::PriceNotAllowed,
            Reason::PriceChanged => ErrorReason::PriceChanged,
            Reason::TotalOverflow => ErrorReason::TotalOverflow,
            Reason::PartialPaymentsExceedTotal => ErrorReason::PartialPaymentsExceedTotal,
            Reason::OutOfStock => ErrorReason::OutOfStock,
            Reason::PaymentDeclined => ErrorReason::PaymentDeclined,
            Reason::ReservationExpired => ErrorReason::ReservationExpired,
            Reason::GaveUp => ErrorReason::GaveUp,
            Reason::OrderCanceled => ErrorReason::OrderCanceled,
            Reason::PaymentActionExpired => ErrorReason::PaymentActionExpired,
            Reason::UnknownPaymentMethod => ErrorReason::UnknownPaymentMethod,
            Reason::PaymentCanceled => ErrorReason::PaymentCanceled,
            Reason::UpstreamRefused => ErrorReason::UpstreamRefused,
            Reason::OutOfStep => ErrorReason::OrderOutOfStep,
            Reason::StockNotOnHand => ErrorReason::StockNotOnHand,
            Reason::Refunded => ErrorReason::OrderState,
        }
    }

    /// Returns why the order is closed.
    pub fn closure(self) -> OrderClosureReason {
        match self {
            Reason::VariantNotFound => OrderClosureReason::VariantNotFound,
            Reason::PriceNotFound => OrderClosureReason::PriceNotFound,
            Reason::PriceArchived => OrderClosureReason::PriceArchived,
            Reason::CurrencyMismatch => OrderClosureReason::CurrencyMismatch,
            Reason::NotForSale => OrderClosureReason::NotForSale,
            Reason::PriceNotAllowed => OrderClosureReason::PriceNotAllowed,
            Reason::PriceChanged => OrderClosureReason::PriceChanged,
            Reason::TotalOverflow => OrderClosureReason::TotalOverflow,
            Reason::PartialPaymentsExceedTotal => OrderClosureReason::PartialPaymentsExceedTotal,
            // An order that is out of step, or whose goods have not arrived, is not closed.
            Reason::OutOfStock | Reason::OutOfStep | Reason::StockNotOnHand => {
                OrderClosureReason::OutOfStock
            }
            Reason::PaymentDeclined => OrderClosureReason::PaymentDeclined,
            Reason::ReservationExpired => OrderClosureReason::ReservationExpired,
            Reason::GaveUp => OrderClosureReason::GaveUp,
            Reason::OrderCanceled => OrderClosureReason::Canceled,
            Reason::PaymentActionExpired => OrderClosureReason::PaymentActionExpired,
            Reason::UnknownPaymentMethod => OrderClosureReason::UnknownPaymentMethod,
            Reason::PaymentCanceled => OrderClosureReason::PaymentCanceled,
            Reason::UpstreamRefused => OrderClosureReason::UpstreamRefused,
            Reason::Refunded => OrderClosureReason::Refunded,
        }
    }

    /// Returns whether it says that nothing more can be captured.
    pub fn is_lost_authorization(self) -> bool {
        matches!(self, Reason::PaymentCanceled | Reason::PaymentDeclined)
    }

    /// Returns whether the payment is what the order failed for, so that a caller may want to read
    /// it.
    pub fn is_of_payment(self) -> bool {
        matches!(
            self,
            Reason::PaymentDeclined
                | Reason::ReservationExpired
                | Reason::PaymentActionExpired
                | Reason::UnknownPaymentMethod
                | Reason::PaymentCanceled
        )
    }

    /// Returns the name under which it is stored: that of the error's reason, such as
    /// `ERROR_REASON_OUT_OF_STOCK`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Refunded => "REFUNDED",
            _ => self.error().as_str_name(),
        }
    }

    /// Says it to a person.
    pub fn text(self) -> &'static str {
        match self {
            Reason::VariantNotFound => "no variant has the sku of a line",
            Reason::PriceNotFound => "a line has no price in this currency",
            Reason::PriceArchived => "the price of a line is archived",
            Reason::CurrencyMismatch => "the price of a line is in another currency",
            Reason::NotForSale => "a line is not for sale",
            Reason::PriceNotAllowed => "a user may order at public prices only",
            Reason::PriceChanged => "the total differs from the expected total",
            Reason::TotalOverflow => "the total is more than 1,000,000,000,000,000 minor units",
            Reason::PartialPaymentsExceedTotal => {
                "the partial payments leave nothing for payment_method"
            }
            Reason::OutOfStock => "there is not enough stock",
            Reason::PaymentDeclined => "the payment was declined",
            Reason::ReservationExpired => {
                "the stock reservation expired before the payment completed"
            }
            Reason::GaveUp => "an upstream service did not respond in time",
            Reason::OrderCanceled => "it was canceled",
            Reason::PaymentActionExpired => "the payment was not confirmed in time",
            Reason::UnknownPaymentMethod => "the payment provider does not know the payment method",
            Reason::PaymentCanceled => "its payment was canceled",
            Reason::UpstreamRefused => "an upstream service refused the request",
            Reason::OutOfStep => "its payment or its stock differs from the order",
            Reason::StockNotOnHand => "units are not on hand",
            Reason::Refunded => "it was paid back before its goods left",
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
            assert_ne!(reason.closure(), OrderClosureReason::Unspecified);
        }
    }
}
