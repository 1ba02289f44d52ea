//! The reasons of errors, as the option `souk.policy.v1.reason` of each value of an `ErrorReason`
//! describes them.

use tonic::Code;

use crate::Refusal;

/// What the contract says of one reason.
#[derive(Debug, PartialEq, Eq)]
pub struct ReasonPolicy {
    /// The full name of the value: `ERROR_REASON_OUT_OF_STOCK`.
    pub name: &'static str,
    /// The package that defines it, without its version: `souk.inventory`.
    pub domain: &'static str,
    /// The one gRPC code of a status with this reason.
    pub code: Code,
    /// The HTTP status of the same error.
    pub http_status: u16,
    /// Whether the same request may be sent again.
    pub retry: Retry,
    /// The keys that ErrorInfo always has in its metadata.
    pub metadata: &'static [&'static str],
    /// The keys that it has when they are known or apply.
    pub optional_metadata: &'static [&'static str],
}

/// Whether the same request may be sent again after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request fails again until something else changes.
    Never,
    /// Nothing was written. The same request may succeed after a backoff, at the earliest after the
    /// delay of RetryInfo.
    Backoff,
    /// It is not known whether anything was written. A method that is idempotent may be called
    /// again with the same request.
    Unknown,
}

/// A generated `ErrorReason` enum.
pub trait Reason: Copy {
    /// Returns what the contract says of this reason.
    fn policy(self) -> &'static ReasonPolicy;

    /// Returns an error with this reason and no facts.
    fn refusal(self) -> Refusal {
        Refusal::new(self.policy())
    }

    /// Returns an error with this reason and one fact.
    fn with(self, key: &'static str, value: impl ToString) -> Refusal {
        self.refusal().with(key, value)
    }
}
