//! The messages of `souk.ops.v1.InvariantService`, as far as they are asked for.

/// The request of CheckInvariants.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CheckInvariantsRequest {
    /// The name of a service; empty for all of the process.
    #[prost(string, tag = "1")]
    pub service: String,
}

/// The response of CheckInvariants.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CheckInvariantsResponse {
    /// One for each service that was checked.
    #[prost(message, repeated, tag = "1")]
    pub reports: Vec<InvariantReport>,
}

/// What the check of one service found.
#[derive(Clone, PartialEq, prost::Message)]
pub struct InvariantReport {
    /// The name of the service.
    #[prost(string, tag = "1")]
    pub service: String,
    /// What does not hold.
    #[prost(message, repeated, tag = "2")]
    pub findings: Vec<AuditFinding>,
    /// How much was checked.
    #[prost(message, repeated, tag = "3")]
    pub counts: Vec<AuditCount>,
}

/// One invariant that does not hold.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AuditFinding {
    /// The id of the invariant.
    #[prost(string, tag = "1")]
    pub invariant: String,
    /// What violates it.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// What was found.
    #[prost(string, tag = "3")]
    pub detail: String,
}

/// How much was checked.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AuditCount {
    /// What was counted.
    #[prost(string, tag = "1")]
    pub what: String,
    /// How many.
    #[prost(int64, tag = "2")]
    pub count: i64,
}
