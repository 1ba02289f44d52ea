//! Where a payment stands. `payment.rs` says what may follow what.

use std::fmt;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    RequiresPaymentMethod = 1,
    RequiresConfirmation = 2,
    RequiresAction = 3,
    Processing = 4,
    RequiresCapture = 5,
    Succeeded = 6,
    Canceled = 7,
}

impl State {
    /// Returns the state with this number.
    pub fn from_number(number: i64) -> Option<State> {
        use State::*;
        [RequiresPaymentMethod, RequiresConfirmation, RequiresAction, Processing, RequiresCapture, Succeeded, Canceled]
            .into_iter()
            .find(|state| *state as i64 == number)
    }
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
