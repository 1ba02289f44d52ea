//! Refunds: each is one attempt at the provider under an id that the caller chose.
//!
//! PENDING ──approved──▶ SUCCEEDED ──the provider returns the money──▶ FAILED
//!    └─────declined───▶ FAILED

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::{Money, PaymentId, RefundId, Timestamp};

use crate::attempt::Decline;
use crate::error::Error;

/// The state of a refund. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum RefundState {
    Pending = 1,
    Succeeded = 2,
    Failed = 3,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
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
    /// Why it failed.
    pub decline: Option<Decline>,
    /// The attempt that carries it out.
    pub attempt: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

impl Refund {
    /// Checks that a repeat has the fields of this refund; an id is always the same refund.
    pub fn is_repeated_by(&self, payment: PaymentId, new: &NewRefund) -> Result<(), Error> {
        if self.payment == payment && self.amount == new.amount {
            return Ok(());
        }
        Err(Error::RefundDiffers(self.id))
    }
}
