//! The state of a payment. `payment.rs` has the transitions.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// The state of a payment. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    RequiresPaymentMethod = 1,
    RequiresConfirmation = 2,
    RequiresAction = 3,
    Processing = 4,
    RequiresCapture = 5,
    Succeeded = 6,
    Canceled = 7,
}

/// Why a payment is canceled. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Cancellation {
    Voided = 1,
    AuthorizationExpired = 2,
    CaptureReversed = 3,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::RequiresPaymentMethod => "waiting for a payment method",
            State::RequiresConfirmation => "waiting for its confirmation",
            State::RequiresAction => "waiting for the customer",
            State::Processing => "processing",
            State::RequiresCapture => "authorised",
            State::Succeeded => "captured",
            State::Canceled => "canceled",
        })
    }
}
