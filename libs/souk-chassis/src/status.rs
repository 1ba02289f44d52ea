//! Reading the status of a response from its head.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

/// Returns the status of a response that is nothing but an error.
pub(crate) fn error_of(response: &Response<Body>) -> Option<Status> {
    let headers = response.headers();
    headers.contains_key("grpc-status").then(|| Status::from_header_map(headers)).flatten()
}

/// Returns the code of a response from its headers; a response that continues is OK so far.
pub(crate) fn code_of(response: &Response<Body>) -> Code {
    response.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}
