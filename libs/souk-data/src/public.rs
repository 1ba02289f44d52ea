//! What a caller over the network learns of a database error; the chassis turns it into a gRPC
//! status.

use souk_contract::{PublicError, Refusal, common};

use crate::Error;

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::Conflict => Refusal::new(&common::CONFLICT),
            Error::Unavailable(_) => Refusal::new(&common::DATABASE_UNAVAILABLE),
            Error::Full(_) => Refusal::new(&common::DATABASE_FULL),
            Error::RequestIdReused(_) => Refusal::new(&common::REQUEST_ID_REUSED)
                .field("request_id", "was used before with another request"),
            Error::InvalidPageToken => Refusal::new(&common::INVALID_PAGE_TOKEN)
                .field("page_token", "is not valid for this caller and this list"),
            Error::Corrupt(_)
            | Error::UniqueViolation(_)
            | Error::ConstraintViolation(_)
            | Error::Pending
            | Error::Panicked
            | Error::Bug(_)
            | Error::Config(_)
            | Error::InUse(_)
            | Error::Lost(_)
            | Error::Schema { .. } => Refusal::internal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_contract::status;
    use tonic::Code;
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
            let violations =
                status.get_details_bad_request().expect("a BadRequest").field_violations;
            assert_eq!(
                violations.iter().map(|each| each.field.as_str()).collect::<Vec<_>>(),
                [field]
            );
        }
    }
}
