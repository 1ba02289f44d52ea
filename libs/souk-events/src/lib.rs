//! How a Rust service tells and hears events: [`relay`] empties its outbox into the bus, and a [`Consumer`] handles each
//! event of a subscription once. The bus itself is the events service, which is reached like any other neighbour.
#![warn(missing_docs)]

mod consumer;
mod heard;
mod owner;
mod relay;
mod stored;

use std::time::Duration;

pub use consumer::Consumer;
pub use heard::{HandlerError, Heard};
pub use owner::{is_from_owner, is_owner, owner_of};
pub use relay::{FAULT_POINTS, relay};
pub use stored::{Stored, open};

/// The name under which the bus is a neighbour.
const BUS: &str = "events";

/// The pauses before the bus is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
