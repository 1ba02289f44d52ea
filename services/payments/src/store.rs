//! The tables of payments and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened. (The simulator's book is a database of its own:
//! `provider/simulator/book.rs`.)
//!
//! **Invariant:** every write inserts, locks or updates the row of its payment first; so everything
//! about one payment happens one after another, and READ COMMITTED is enough.

pub mod attempt;
pub mod history;
pub mod payment;
pub mod refund;

use souk_data::{Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "payments",
    migrations: &[Migration {
        version: 1,
        name: "payments",
        sqlite: include_str!("../migrations/sqlite/0001_payments.sql"),
        postgres: include_str!("../migrations/postgres/0001_payments.sql"),
    }],
};
