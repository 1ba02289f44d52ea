//! One attempt of an operation at the provider: stored before the call, resolved after it, never
//! sent under two keys.
//!
//! CALLING ──answered──▶ SUCCEEDED | DECLINED | ACTION_REQUIRED │ ▲                    ▲ │ └──taken
//! up──┐       │ ledger written ├─no response─▶ UNKNOWN  │ └─approved, but the ledger does not
//! answer─▶ LEDGER_DUE
//!
//! An authorisation that is UNKNOWN may also be SUPERSEDED by a void, which compensates it in any
//! case.

use std::fmt;

use sea_orm::{DeriveActiveEnum, DeriveValueType, EnumIter};
use souk_types::{AttemptId, PaymentId, RefundId, Timestamp, TransferId};

/// A token that names how the customer pays. It is never printed.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Method(pub String);

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the provider is asked to do. The numbers are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Kind {
    Authorize = 1,
    /// The customer approved at the action url.
    ApproveAction = 2,
    /// The customer declined there.
    DeclineAction = 3,
    Capture = 4,
    Void = 5,
    Refund = 6,
}

impl Kind {
    /// Returns its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Authorize => "authorize",
            Kind::ApproveAction | Kind::DeclineAction => "complete_action",
            Kind::Capture => "capture",
            Kind::Void => "void",
            Kind::Refund => "refund",
        }
    }

    /// Returns whether it is about getting the authorisation.
    pub fn is_authorization(self) -> bool {
        matches!(self, Kind::Authorize | Kind::ApproveAction | Kind::DeclineAction)
    }
}

/// The state of an attempt. The numbers are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Stage {
    /// A holder is about to call the provider, is calling, or has called and not yet stored the
    /// response.
    Calling = 1,
    /// The provider did not answer.
    Unknown = 2,
    /// The provider approved, and the ledger has yet to be written.
    LedgerDue = 3,
    Succeeded = 4,
    Declined = 5,
    /// The customer must act; no money is set aside.
    ActionRequired = 6,
    /// A void takes back whatever came of it.
    Superseded = 7,
}

impl Stage {
    /// Returns whether nothing will follow.
    pub fn is_final(self) -> bool {
        !matches!(self, Stage::Calling | Stage::Unknown | Stage::LedgerDue)
    }
}

/// Why a provider said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    /// The provider's word for it, such as `insufficient_funds`.
    pub reason: String,
    /// Whether the same may pass later.
    pub is_retryable: bool,
}

/// What a provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; holds the provider's fee in minor units.
    Approved {
        fee: i64,
    },
    /// The customer must act there first.
    ActionRequired {
        url: String,
    },
    Declined(Decline),
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub payment: PaymentId,
    /// Counts the attempts of the payment, from 1.
    pub number: i64,
    pub kind: Kind,
    pub stage: Stage,
    /// Minor units that the operation is about.
    pub amount: i64,
    /// Minor units that stay authorised after a part capture.
    pub rest: i64,
    /// The pending transfer that the operation makes (authorise) or resolves (capture, void).
    pub hold: Option<TransferId>,
    /// A void with an unknown hold: the hold is created first, so that it cannot arrive later.
    pub makes_hold: bool,
    /// What a capture was asked for, to recognise a repeat.
    pub capture: Option<CaptureKey>,
    /// The refund that it carries out.
    pub refund: Option<RefundId>,
    /// Minor units that the provider kept.
    pub fee: i64,
    pub decline: Option<Decline>,
    /// How often it was left without an end.
    pub tries: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

/// The permanent key of a capture, and what was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureKey {
    pub request_id: String,
    /// Minor units asked for; none for all that is left.
    pub asked: Option<i64>,
    pub is_final: bool,
}

impl Attempt {
    /// Returns the attempt's id: the key under which the provider knows the operation.
    pub fn id(&self) -> AttemptId {
        AttemptId::of_step(self.payment.as_uuid(), &format!("attempt/{}", self.number))
    }

    /// Returns the id of the transfer for one step of this attempt.
    pub fn transfer(&self, step: &str) -> TransferId {
        TransferId::of_step(self.id().as_uuid(), step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_never_printed() {
        assert_eq!(format!("{:?}", Method("tok_approved".into())), "[redacted]");
    }
}
