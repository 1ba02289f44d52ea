//! The tables of events and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened.
//!
//! **Invariant:** a write locks the row of its subscription first, then positions by partition,
//! then partitions of the log by number; so no two writes wait for each other in a circle, and READ
//! COMMITTED is enough.

pub mod acknowledgement;
pub mod audit;
pub mod checkpoint;
pub mod dead_letter;
pub mod lease;
pub mod log_event;
pub mod log_partition;
mod migrations;
pub mod position;
pub mod reader;
pub mod retry;
pub mod subscription;

use souk_data::Error;

pub use migrations::SCHEMA;

/// Returns a number that was stored as a `u32`: a partition, or how often something was tried.
fn narrow(stored: i64) -> Result<u32, Error> {
    u32::try_from(stored)
        .map_err(|_| Error::bug("a column holds a number outside the range of u32"))
}
