//! What a caller over the network is told of a database error; the chassis turns it into a gRPC status.

use souk_contract::PublicError;
use tonic::Code;
use tonic_types::ErrorDetails;

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

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::InvalidPageToken => {
                details.add_bad_request_violation("page_token", "is not valid for this caller and this list");
            }
            Error::RequestIdReused(_) => {
                details.add_bad_request_violation("request_id", "was used before with another request");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_contract::status;
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn a_mistake_of_the_caller_names_its_field() {
        let mistakes = [
            (
                Error::InvalidPageToken,
                Code::InvalidArgument,
                "the page token is not valid for this caller and this list",
                "page_token",
            ),
            (
                Error::RequestIdReused("r1".into()),
                Code::FailedPrecondition,
                "the request_id was used before with another request",
                "request_id",
            ),
        ];
        for (error, code, text, field) in mistakes {
            let status = status(&error);
            assert_eq!((status.code(), status.message()), (code, text));
            let violations = status.get_details_bad_request().expect("a BadRequest").field_violations;
            assert_eq!(violations.iter().map(|each| each.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}
