//! How a Rust service publishes and consumes events: [`relay`] publishes its outbox to the bus, and
//! a [`Subscription`] handles each event of a subscription once. The bus itself is the events
//! service, which is reached like any other upstream.
#![warn(missing_docs)]

mod delivery;
mod owner;
mod relay;
mod stored;
mod subscription;

use std::time::Duration;

pub use delivery::{Delivery, HandlerError};
pub use owner::{is_from_owner, is_owner, is_version, owner_of};
pub use relay::{FAULT_POINTS, relay};
pub use stored::{Stored, open};
pub use subscription::Subscription;

/// The name under which the bus is an upstream.
const BUS: &str = "events";

/// The pauses before the bus is called again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
