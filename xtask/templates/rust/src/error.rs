//! Everything that can go wrong with a call: each variant has one gRPC code and one reason of the contract.

use souk_client::{{package}}::v1::ErrorReason;
use souk_contract::PublicError;
use souk_events::HandlerError;
use tonic::Code;
use tonic_types::ErrorDetails;

const DOMAIN: &str = "souk.{{package}}.v1";

/// Why the {{name}} service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a user may have {most} entries")]
    TooManyEntries { most: u64 },
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::TooManyEntries { .. } => Code::FailedPrecondition,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::TooManyEntries { .. } => ErrorReason::TooManyEntries.as_str_name(),
            Error::Database(error) => error.reason(),
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::TooManyEntries { .. } => DOMAIN,
            Error::Database(error) => error.domain(),
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        match self {
            Error::TooManyEntries { most } => vec![("most".to_owned(), most.to_string())],
            Error::Database(error) => error.metadata(),
        }
    }

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::TooManyEntries { .. } => {
                details.add_precondition_failure_violation("TOO_MANY_ENTRIES", "entries", self.to_string());
            }
            Error::Database(error) => error.describe(details),
        }
    }
}

/// For handlers of events: the database is waited for, a refusal stays one.
impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            refusal => HandlerError::Never(refusal.to_string()),
        }
    }
}
