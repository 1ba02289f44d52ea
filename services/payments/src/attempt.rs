//! One attempt of an operation at the provider: stored before the call, resolved after it, never
//! sent under two keys.
//!
//! ```text
//! CALLING ─answered─▶ SUCCEEDED | DECLINED | ACTION_REQUIRED
//! CALLING ─no response─▶ UNKNOWN ─taken up, answered─▶ as above
//! CALLING ─approved, but the ledger does not answer─▶ LEDGER_DUE ─ledger written─▶ SUCCEEDED
//! SUCCEEDED ─the provider takes a capture or refund back─▶ REVERSED
//! ```
//!
//! An authorisation that is UNKNOWN may also be SUPERSEDED by a void, which compensates it in any
//! case.

use std::fmt;

use sea_orm::{DeriveActiveEnum, DeriveValueType, EnumIter};
use souk_types::{AttemptId, CaptureId, PaymentId, RefundId, Timestamp, TransferId};

/// A token that names how the customer pays. It is never printed.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Method(pub String);

/// Where the customer comes back to after an action. It may hold a secret and is never printed.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct ReturnUrl(pub String);

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for ReturnUrl {
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
    /// The time of the customer's action is over.
    ExpireAction = 7,
    /// The time of the authorisation is over.
    ExpireAuthorization = 8,
    /// The provider has taken a capture back.
    ReverseCapture = 9,
    /// The provider could not deliver a refund and has returned the money.
    ReverseRefund = 10,
}

impl Kind {
    /// Returns its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Authorize => "authorize",
            Kind::ApproveAction | Kind::DeclineAction | Kind::ExpireAction => "complete_action",
            Kind::Capture => "capture",
            Kind::Void | Kind::ExpireAuthorization => "void",
            Kind::Refund => "refund",
            Kind::ReverseCapture | Kind::ReverseRefund => "reverse",
        }
    }

    /// Returns whether it is about getting the authorisation.
    pub fn is_authorization(self) -> bool {
        matches!(
            self,
            Kind::Authorize | Kind::ApproveAction | Kind::DeclineAction | Kind::ExpireAction
        )
    }

    /// Returns whether the provider did it by itself and is not to be asked for it.
    pub fn is_reversal(self) -> bool {
        matches!(self, Kind::ReverseCapture | Kind::ReverseRefund)
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
    /// It had succeeded, and a later attempt records that the provider took it back.
    Reversed = 8,
}

impl Stage {
    /// Returns whether nothing will follow.
    pub fn is_final(self) -> bool {
        !matches!(self, Stage::Calling | Stage::Unknown | Stage::LedgerDue)
    }
}

/// Why a provider said no, in the same words for all providers. The numbers are those of the
/// contract and of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum DeclineCode {
    Generic = 1,
    InsufficientFunds = 2,
    LimitExceeded = 3,
    CardExpired = 4,
    StolenOrLost = 5,
    Fraud = 6,
    AuthenticationFailed = 7,
    ActionExpired = 8,
    InvalidMethod = 9,
    IssuerUnavailable = 10,
    AuthorizationExpired = 11,
    NotAllowed = 12,
    Reversed = 13,
}

/// Why a provider said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    pub code: DeclineCode,
    /// The provider's word for it, such as `insufficient_funds`.
    pub detail: String,
    /// Whether the same may pass later.
    pub is_retryable: bool,
}

impl Decline {
    /// Returns what is written when the provider takes an operation back.
    pub fn reversed() -> Self {
        Decline { code: DeclineCode::Reversed, detail: String::new(), is_retryable: false }
    }
}

/// What a provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; holds the provider's fee in minor units.
    Approved {
        fee: i64,
    },
    /// The customer must act there first, and before that time.
    ActionRequired {
        url: String,
        expire_time: Timestamp,
    },
    Declined(Decline),
}

/// A method as it may be shown; what there is none of is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodSummary {
    pub brand: String,
    pub last4: String,
    pub wallet: String,
}

/// What a provider tells about a charge when it is authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub provider: &'static str,
    /// The provider's own id of the charge.
    pub reference: String,
    pub method: MethodSummary,
    /// When the provider lets go of what is set aside, if it is.
    pub expire_time: Option<Timestamp>,
}

/// An answer with what else the provider tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub answer: Answer,
    /// Of an authorisation.
    pub details: Option<Details>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Reply { answer, details: None }
    }
}

/// This service itself: it found out what the customer or the provider did, or a time was over.
pub const SYSTEM: &str = "system";

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
    /// Of a reversal: the number of the attempt that the provider took back.
    pub reverses: Option<i64>,
    /// Minor units that the provider kept.
    pub fee: i64,
    pub decline: Option<Decline>,
    /// How often it was left without an end.
    pub tries: i64,
    /// Who asked for it, as it is stored: `service:orders`, or [`SYSTEM`]; empty in what earlier
    /// versions stored.
    pub actor: String,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

/// The permanent key of a capture, and what was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureKey {
    pub id: CaptureId,
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
    fn a_method_and_a_return_url_are_never_printed() {
        assert_eq!(format!("{:?}", Method("tok_approved".into())), "[redacted]");
        assert_eq!(format!("{:?}", ReturnUrl("https://shop".into())), "[redacted]");
    }
}
