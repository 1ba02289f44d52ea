//! Refunds: each is one attempt at the provider under an id that the caller chose.
//!
//! PENDING ──approved──▶ SUCCEEDED
//!    └─────declined───▶ FAILED

use souk_types::{Money, PaymentId, RefundId, Timestamp};

use crate::error::Error;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundState {
    Pending = 1,
    Succeeded = 2,
    Failed = 3,
}

impl RefundState {
    /// Returns the state with this number.
    pub fn from_number(number: i64) -> Option<RefundState> {
        use RefundState::*;
        [Pending, Succeeded, Failed].into_iter().find(|state| *state as i64 == number)
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    pub id: RefundId,
    pub amount: Money,
    pub effective_time: Option<Timestamp>,
}

/// Money that went back, or is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub payment: PaymentId,
    pub amount: Money,
    pub state: RefundState,
    /// The attempt that carries it out.
    pub attempt: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

impl Refund {
    /// Tells that a repeat asks for what this refund is; an id stands for one refund for ever.
    pub fn is_repeated_by(&self, payment: PaymentId, wish: &RefundWish) -> Result<(), Error> {
        if self.payment == payment && self.amount == wish.amount {
            return Ok(());
        }
        Err(Error::RefundDiffers(self.id))
    }
}
