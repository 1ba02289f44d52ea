//! What a caller over the network is told of a database error; the chassis turns it into a gRPC status.

use souk_contract::PublicError;
use tonic::Code;

use crate::Error;

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::Conflict => Code::Aborted,
            Error::Unavailable(_) => Code::Unavailable,
            Error::Full(_) => Code::ResourceExhausted,
            Error::RequestIdReused(_) => Code::FailedPrecondition,
            Error::InvalidPageToken => Code::InvalidArgument,
            Error::Corrupt(_)
            | Error::UniqueViolation(_)
            | Error::ConstraintViolation(_)
            | Error::Pending
            | Error::Panicked
            | Error::Bug(_)
            | Error::Config(_)
            | Error::InUse(_)
            | Error::Lost(_)
            | Error::Schema { .. } => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self.code() {
            Code::Aborted => "ERROR_REASON_CONFLICT",
            Code::Unavailable => "ERROR_REASON_DATABASE_UNAVAILABLE",
            Code::ResourceExhausted => "ERROR_REASON_DATABASE_FULL",
            Code::FailedPrecondition => "ERROR_REASON_REQUEST_ID_REUSED",
            Code::InvalidArgument => "ERROR_REASON_INVALID_PAGE_TOKEN",
            _ => "ERROR_REASON_INTERNAL",
        }
    }

    fn domain(&self) -> &'static str {
        "souk.policy.v1"
    }
}
