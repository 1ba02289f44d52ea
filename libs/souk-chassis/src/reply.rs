//! The one place where a service's error becomes a gRPC status.

use souk_contract::PublicError;
use tonic::{Response, Status};

use crate::context::Context;
use crate::refusal::is_our_fault;

/// Turns what a method returns into what gRPC wants: `reply(place_order::handle(self, request).await)`.
///
/// # Errors
/// The error as a status, with reason and details. The text of one that is our fault is hidden; it stands, with
/// everything that caused it, in the request's own log line.
pub fn reply<T, E: PublicError>(result: Result<T, E>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| refuse(&error))
}

/// Turns one error into a status, for the items of a stream.
pub fn refuse(error: &dyn PublicError) -> Status {
    if is_our_fault(error.code()) || error.code() == tonic::Code::Unavailable {
        let text = with_causes(error);
        match Context::current() {
            Some(context) => context.note_cause(text),
            None => tracing::error!("failed outside of a request: {text}"),
        }
    }
    souk_contract::status(error)
}

fn with_causes(error: &dyn PublicError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
