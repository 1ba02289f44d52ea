//! What an error must say of itself to be answered to a caller, and the one function that turns it into a status.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// An error that a service answers. Every service's `Error` implements it; the chassis turns it into a status.
pub trait PublicError: std::error::Error {
    /// Returns the gRPC code, exactly one a variant.
    fn code(&self) -> Code;

    /// Returns the reason, the full name of a value of the package's `ErrorReason`: `ERROR_REASON_OUT_OF_STOCK`.
    fn reason(&self) -> &'static str;

    /// Returns the package that defines the reason: `souk.inventory.v1`.
    fn domain(&self) -> &'static str;

    /// Returns what a program needs to act on the error, as key and value; it stands in ErrorInfo.
    fn metadata(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Adds PreconditionFailure, ResourceInfo, QuotaFailure, RetryInfo and the like.
    fn describe(&self, details: &mut ErrorDetails) {
        let _ = details;
    }

    /// Returns the status of the neighbour whose failure this is. Its RetryInfo is passed on unless [`describe`](Self::describe) sets one.
    fn upstream(&self) -> Option<&Status> {
        None
    }
}

/// Returns the status of an error: its code, its text, and ErrorInfo with reason, domain and metadata. The text of INTERNAL, UNKNOWN
/// and DATA_LOSS is hidden and their metadata left out, since it would tell a caller about our insides and nothing to act on.
pub fn status(error: &dyn PublicError) -> Status {
    let code = error.code();
    let is_hidden = matches!(code, Code::Internal | Code::Unknown | Code::DataLoss);
    let metadata = if is_hidden { Vec::new() } else { error.metadata() };

    let mut details = ErrorDetails::new();
    details.set_error_info(
        error.reason(),
        error.domain(),
        metadata.into_iter().collect::<std::collections::HashMap<_, _>>(),
    );
    if !is_hidden {
        error.describe(&mut details);
    }
    if details.retry_info().is_none()
        && let Some(retry) = error.upstream().and_then(|status| status.get_details_retry_info())
    {
        details.set_retry_info(retry.retry_delay);
    }

    let message = if is_hidden { "internal error".to_owned() } else { error.to_string() };
    Status::with_error_details(code, message, details)
}
