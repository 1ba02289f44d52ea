//! Everything that can go wrong with a call. What is wrong with one element of a batch is a status in its answer.

use souk_client::ledger::v1::ErrorReason;
use souk_contract::{PublicError, REASON_INVALID_FIELD};
use souk_types::AccountId;
use tonic::Code;
use tonic_types::ErrorDetails;

/// Why the ledger service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("account {0} does not exist")]
    AccountNotFound(AccountId),
    #[error("{field} {problem}")]
    Field { field: String, problem: String },
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl Error {
    /// Returns the refusal of a field that has the right form and still means nothing.
    pub fn field(field: impl Into<String>, problem: impl ToString) -> Self {
        Error::Field { field: field.into(), problem: problem.to_string() }
    }

    /// Returns the refusal of a look-up whose answer a plain client could not read.
    pub fn too_large(field: &str, fitting: usize) -> Self {
        Error::field(field, format!("ask for more than 3 MiB; ask for at most {fitting} of them at once"))
    }
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::AccountNotFound(_) => Code::NotFound,
            Error::Field { .. } => Code::InvalidArgument,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::AccountNotFound(_) => ErrorReason::AccountNotFound.as_str_name(),
            Error::Field { .. } => REASON_INVALID_FIELD,
            Error::Database(error) => error.reason(),
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::Database(error) => error.domain(),
            _ => "souk.ledger.v1",
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        match self {
            Error::AccountNotFound(id) => vec![("account_id".to_owned(), id.to_string())],
            Error::Field { .. } => Vec::new(),
            Error::Database(error) => error.metadata(),
        }
    }

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::AccountNotFound(id) => {
                details.set_resource_info("souk.ledger.v1.Account", id.to_string(), "", self.to_string());
            }
            Error::Field { field, problem } => {
                details.add_bad_request_violation(field, problem);
            }
            Error::Database(error) => error.describe(details),
        }
    }
}
