//! The reasons of `souk.policy.v1` that this crate, the chassis and the data layer give themselves.
//! They are built before the contract is; a test of the client crate compares them with it.

use tonic::Code;

use crate::{ReasonPolicy, Retry};

/// The domain of the common reasons, those of the package `souk.policy.v1`.
pub const DOMAIN: &str = "souk.policy";

const fn common(name: &'static str, code: Code, http_status: u16, retry: Retry) -> ReasonPolicy {
    ReasonPolicy {
        name,
        domain: DOMAIN,
        code,
        http_status,
        retry,
        metadata: &[],
        optional_metadata: &[],
    }
}

/// A field breaks its rules, or the message cannot be read.
pub static INVALID_FIELD: ReasonPolicy =
    common("ERROR_REASON_INVALID_FIELD", Code::InvalidArgument, 400, Retry::Never);

/// A bug; the text is hidden.
pub static INTERNAL: ReasonPolicy = ReasonPolicy {
    optional_metadata: &["trace_id"],
    ..common("ERROR_REASON_INTERNAL", Code::Internal, 500, Retry::Never)
};

/// The request id was used before with another request.
pub static REQUEST_ID_REUSED: ReasonPolicy =
    common("ERROR_REASON_REQUEST_ID_REUSED", Code::FailedPrecondition, 422, Retry::Never);

/// The service cannot reach its database.
pub static DATABASE_UNAVAILABLE: ReasonPolicy =
    common("ERROR_REASON_DATABASE_UNAVAILABLE", Code::Unavailable, 503, Retry::Backoff);

/// The disk of the service is full.
pub static DATABASE_FULL: ReasonPolicy =
    common("ERROR_REASON_DATABASE_FULL", Code::ResourceExhausted, 429, Retry::Backoff);

/// The write lost a race with others until its time was over.
pub static CONFLICT: ReasonPolicy =
    common("ERROR_REASON_CONFLICT", Code::Aborted, 409, Retry::Backoff);

/// The page or resume token was changed, or belongs to another caller or another filter.
pub static INVALID_PAGE_TOKEN: ReasonPolicy =
    common("ERROR_REASON_INVALID_PAGE_TOKEN", Code::InvalidArgument, 400, Retry::Never);

/// The caller may not do this; `scopes` are those that its token lacks, where scopes would do.
pub static ACCESS_DENIED: ReasonPolicy = ReasonPolicy {
    optional_metadata: &["scopes"],
    ..common("ERROR_REASON_ACCESS_DENIED", Code::PermissionDenied, 403, Retry::Never)
};

/// An upstream does not answer.
pub static UPSTREAM_UNAVAILABLE: ReasonPolicy = ReasonPolicy {
    optional_metadata: &["service"],
    ..common("ERROR_REASON_UPSTREAM_UNAVAILABLE", Code::Unavailable, 503, Retry::Backoff)
};

/// The service has too much to do.
pub static OVERLOADED: ReasonPolicy =
    common("ERROR_REASON_OVERLOADED", Code::ResourceExhausted, 429, Retry::Backoff);

/// The resource changed since its etag was read.
pub static ETAG_MISMATCH: ReasonPolicy = ReasonPolicy {
    metadata: &["etag"],
    ..common("ERROR_REASON_ETAG_MISMATCH", Code::Aborted, 412, Retry::Never)
};

/// A user named another customer than itself.
pub static OTHER_CUSTOMER: ReasonPolicy =
    common("ERROR_REASON_OTHER_CUSTOMER", Code::PermissionDenied, 403, Retry::Never);

/// A caller of this kind may not set the field.
pub static FIELD_NOT_ALLOWED: ReasonPolicy = ReasonPolicy {
    metadata: &["field"],
    ..common("ERROR_REASON_FIELD_NOT_ALLOWED", Code::PermissionDenied, 403, Retry::Never)
};

/// All of the above.
pub static ALL: [&ReasonPolicy; 13] = [
    &INVALID_FIELD,
    &ACCESS_DENIED,
    &INTERNAL,
    &REQUEST_ID_REUSED,
    &DATABASE_UNAVAILABLE,
    &DATABASE_FULL,
    &CONFLICT,
    &INVALID_PAGE_TOKEN,
    &UPSTREAM_UNAVAILABLE,
    &OVERLOADED,
    &ETAG_MISMATCH,
    &OTHER_CUSTOMER,
    &FIELD_NOT_ALLOWED,
];
