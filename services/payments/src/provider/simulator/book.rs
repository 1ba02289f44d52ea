//! The simulator's book: its tables and every query, by table. A database of its own, as a real
//! provider's would be.
//!
//! **Invariant:** every write that touches a charge locks its row first, so everything about one
//! charge happens one after another, and READ COMMITTED is enough. Only adding scripts, which
//! counts them, is SERIALIZABLE.

pub mod charge;
pub mod lost_request;
mod migrations;
pub mod operation;
pub mod reversal;
pub mod script;

pub use migrations::SCHEMA;
