//! What generated code and the chassis share: field validation, method policies, the codec, how a
//! service handles a call, and public errors. Has no business logic and no I/O.

mod caller;
mod codec;
pub mod common;
mod counts;
mod deadline;
mod error;
mod handle;
mod owned;
mod policy;
mod reason;
pub mod rules;
mod server;
mod validate;

pub use caller::{Caller, UnknownCaller, User, customer_of};
pub use codec::{Codec, Decoder, Encoder};
pub use counts::{List, Occurs, Packed, Shape, ShapeField, UNCOUNTED_BYTES, check_counts};
pub use deadline::Deadline;
pub use error::{FieldError, PublicError, Refusal, is_hidden, status};
pub use handle::{Call, Event, Handle, Handlers, Method, RequestId, Requests, Responses};
pub use policy::{
    CallerKind, Contract, Criticality, EVERY_SCOPE, Grant, Idempotency, MethodPolicy, NotAdmitted,
};
pub use reason::{Reason, ReasonPolicy, Retry};
pub use server::{CallInfo, MethodServer, Server};
pub use validate::{MAX_VIOLATIONS, Path, Redacted, Validate, Violation, Violations};

/// The reason of a request that breaks a field rule or cannot be read
/// (`souk.policy.v1.ErrorReason`).
pub const REASON_INVALID_FIELD: &str = "ERROR_REASON_INVALID_FIELD";

/// The largest message that generated clients and servers read, in bytes: 16 MiB. A server may be
/// configured to take less.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;
