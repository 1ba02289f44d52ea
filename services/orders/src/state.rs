//! The three axes of an order, and how many refunds and fulfillments one may have. The numbers are
//! those of the contract and of the database.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_client::orders::v1 as pb;

/// The most refunds that an order may have, so that an order with all of them can be sent.
pub const MAX_REFUNDS: usize = 1000;

/// The most fulfillments that an order may have.
pub const MAX_FULFILLMENTS: usize = 100;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    Pending = 1,
    Placed = 2,
    Completed = 4,
    Canceled = 6,
    Rejected = 7,
}

/// What happened to the money of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum PaymentStatus {
    Unpaid = 1,
    ActionRequired = 2,
    Authorized = 3,
    PartiallyPaid = 4,
    Paid = 5,
    PartiallyRefunded = 6,
    Refunded = 7,
    Voided = 8,
    /// The provider took back what was captured.
    Reversed = 10,
}

/// What happened to the goods of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum FulfillmentStatus {
    Unfulfilled = 1,
    PartiallyFulfilled = 2,
    Fulfilled = 3,
    Delivered = 4,
    PartiallyReturned = 5,
    Returned = 6,
}

/// When the payment of an order is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum CaptureMethod {
    Automatic = 1,
    OnFulfillment = 2,
    Manual = 3,
}

/// The three axes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axes {
    pub state: State,
    pub payment: PaymentStatus,
    pub fulfillment: FulfillmentStatus,
}

impl Axes {
    /// A new order.
    pub const NEW: Axes = Axes {
        state: State::Pending,
        payment: PaymentStatus::Unpaid,
        fulfillment: FulfillmentStatus::Unfulfilled,
    };

    /// Returns whether no further change can follow but goods that return for nothing.
    pub fn is_final(self) -> bool {
        matches!(self.state, State::Canceled | State::Rejected)
            || self.payment == PaymentStatus::Refunded
    }
}

impl PaymentStatus {
    /// Returns whether some of the payment is authorized and will be captured.
    pub fn is_authorized(self) -> bool {
        matches!(self, PaymentStatus::Authorized | PaymentStatus::PartiallyPaid)
    }

    /// Returns whether all that is owed was captured.
    pub fn is_captured(self) -> bool {
        matches!(
            self,
            PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
        )
    }

    /// Returns the name in the contract.
    pub fn name(self) -> &'static str {
        pb::PaymentStatus::try_from(self as i32).map_or("", |status| status.as_str_name())
    }
}

impl FulfillmentStatus {
    /// Returns whether any goods have left, ever.
    pub fn has_left(self) -> bool {
        self != FulfillmentStatus::Unfulfilled
    }

    /// Returns the name in the contract.
    pub fn name(self) -> &'static str {
        pb::FulfillmentStatus::try_from(self as i32).map_or("", |status| status.as_str_name())
    }
}

impl State {
    /// Returns the name in the contract.
    pub fn name(self) -> &'static str {
        pb::OrderState::try_from(self as i32).map_or("", |state| state.as_str_name())
    }
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name: &'static str, prefix: &str| name.trim_start_matches(prefix).to_lowercase();
        write!(
            f,
            "{}, {} and {}",
            of(self.state.name(), "ORDER_STATE_"),
            of(self.payment.name(), "PAYMENT_STATUS_"),
            of(self.fulfillment.name(), "FULFILLMENT_STATUS_"),
        )
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn every_value_has_a_name_in_the_contract() {
        assert!(State::iter().all(|state| state.name().starts_with("ORDER_STATE_")));
        assert!(PaymentStatus::iter().all(|status| status.name().starts_with("PAYMENT_STATUS_")));
        assert!(
            FulfillmentStatus::iter()
                .all(|status| status.name().starts_with("FULFILLMENT_STATUS_"))
        );
        assert_eq!(Axes::NEW.to_string(), "pending, unpaid and unfulfilled");
    }
}
