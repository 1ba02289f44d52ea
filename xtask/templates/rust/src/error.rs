//! Everything that can go wrong with a call: each variant is one reason of the contract with its
//! facts.

use souk_client::{{package}}::v1::ErrorReason as Reason;
use souk_contract::{PublicError, Reason as _, Refusal};

/// Why the {{name}} service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a user may have {most} entries")]
    TooManyEntries { most: u64 },
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::TooManyEntries { most } => {
                Reason::TooManyEntries.with("most", most).precondition("entries")
            }
            Error::Database(error) => error.refusal(),
        }
    }
}
