//! The right to carry out one attempt.

use souk_types::PaymentId;

use crate::attempt::Attempt;
use crate::payment::Payment;

/// The right to carry out one attempt.
///
/// **Invariant:** at most one claim of a payment is valid; its epoch distinguishes it from earlier
/// ones, and every write that ends it names the epoch.
#[derive(Clone, Debug)]
pub struct Claim {
    pub payment: Payment,
    pub attempt: Attempt,
    pub epoch: i64,
    /// Whether the attempt may have been sent before.
    pub is_resumed: bool,
}

/// The identity of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimId {
    pub payment: PaymentId,
    pub epoch: i64,
}

impl Claim {
    /// Returns its identity.
    pub fn id(&self) -> ClaimId {
        ClaimId { payment: self.payment.id, epoch: self.epoch }
    }
}
