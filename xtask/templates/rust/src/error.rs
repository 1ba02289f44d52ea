//! All errors of a call: each variant is one reason of the contract with its metadata.

use souk_client::{{package}}::v1::ErrorReason as Reason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal};

/// Why the {{name}} service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a customer may have {most} entries")]
    TooManyEntries { most: u64 },
    /// A field that the contract allows and this service does not.
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

// So that `?` does for a query of sea-orm.
impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::TooManyEntries { most } => {
                Reason::TooManyEntries.with("most", most).precondition("entries")
            }
            Error::Field(error) => error.refusal(),
            Error::Database(error) => error.refusal(),
        }
    }
}
