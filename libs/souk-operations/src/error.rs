//! What can go wrong with an operation: each variant is one reason of the contract.

use souk_client::operations::v1::ErrorReason as Reason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal};
use souk_types::OperationId;

/// Why a call about an operation, or an operation itself, failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none with this id, or none for this caller.
    #[error("operation {0} does not exist")]
    NotFound(OperationId),
    /// Someone canceled it.
    #[error("operation {0} was canceled")]
    Canceled(OperationId),
    /// A field of the request.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The database, which knows why.
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::NotFound(id) => {
                Reason::OperationNotFound.with("operation_id", id).resource("Operation", id)
            }
            Error::Canceled(id) => Reason::OperationCanceled.with("operation_id", id),
            Error::Field(error) => error.refusal(),
            Error::Database(error) => error.refusal(),
        }
    }
}
