//! The tables of payments and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened. (The simulator's book is a database of its own:
//! `provider/simulator/book.rs`.)
//!
//! **Invariant:** every write inserts, locks or updates the row of its payment first; so everything
//! about one payment happens one after another, and READ COMMITTED is enough.

pub mod attempt;
pub mod guest;
pub mod history;
pub mod list;
mod migrations;
pub mod payment;
pub mod refund;

pub use migrations::SCHEMA;
