//! What generated code and the chassis share: field validation, method policies, the codec and public errors.
//! Holds no business and no I/O.

mod codec;
mod counts;
mod error;
mod policy;
pub mod rules;
mod validate;

pub use codec::{Codec, Decoder, Encoder};
pub use counts::{List, Occurs, Packed, Shape, ShapeField, UNCOUNTED_BYTES, check_counts};
pub use error::{PublicError, status};
pub use policy::{Caller, Contract, Criticality, Idempotency, MethodPolicy};
pub use validate::{MAX_VIOLATIONS, Path, Redacted, Validate, Violation, Violations};

/// The reason of a request that breaks a field rule or cannot be read (`souk.policy.v1.ErrorReason`).
pub const REASON_INVALID_FIELD: &str = "ERROR_REASON_INVALID_FIELD";

/// The largest message that generated clients and servers read, in bytes: 16 MiB. A server may be configured to take less.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;
