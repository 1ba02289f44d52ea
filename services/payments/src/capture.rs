//! Captures: each is one attempt at the provider under an id that the caller chose.
//!
//! PENDING ──approved──▶ SUCCEEDED ──the provider takes it back──▶ REVERSED
//!    └─────declined───▶ FAILED

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::{CaptureId, Money, PaymentId, Timestamp};

use crate::attempt::{Attempt, Decline, Stage};
use crate::payment::Payment;

/// The state of a capture. The numbers are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum CaptureState {
    Pending = 1,
    Succeeded = 2,
    Failed = 3,
    Reversed = 4,
}

impl CaptureState {
    /// Returns the state that an attempt at this stage gives its capture.
    pub fn of(stage: Stage) -> Self {
        match stage {
            Stage::Succeeded => CaptureState::Succeeded,
            Stage::Declined => CaptureState::Failed,
            Stage::Reversed => CaptureState::Reversed,
            _ => CaptureState::Pending,
        }
    }

    /// Returns the stages of attempts whose captures are in this state.
    pub fn stages(self) -> &'static [Stage] {
        match self {
            CaptureState::Pending => &[Stage::Calling, Stage::Unknown, Stage::LedgerDue],
            CaptureState::Succeeded => &[Stage::Succeeded],
            CaptureState::Failed => &[Stage::Declined],
            CaptureState::Reversed => &[Stage::Reversed],
        }
    }
}

/// Authorised money that is taken, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    pub id: CaptureId,
    pub payment: PaymentId,
    pub amount: Money,
    pub state: CaptureState,
    pub is_final: bool,
    pub decline: Option<Decline>,
    pub fee: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

impl Capture {
    /// Returns the capture that an attempt carries out; none when it is about something else.
    pub fn of(payment: &Payment, attempt: &Attempt) -> Option<Self> {
        let key = attempt.capture.as_ref()?;
        Some(Capture {
            id: key.id,
            payment: attempt.payment,
            amount: Money::new(payment.amount.currency, attempt.amount),
            state: CaptureState::of(attempt.stage),
            is_final: key.is_final,
            decline: attempt.decline.clone(),
            fee: attempt.fee,
            create_time: attempt.create_time,
            effective_time: attempt.effective_time,
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn the_stages_of_a_state_lead_back_to_it() {
        for state in CaptureState::iter() {
            for stage in state.stages() {
                assert_eq!(CaptureState::of(*stage), state);
            }
        }
    }
}
