//! The simulator's book: its tables and every query, by table. A database of its own, as a real
//! provider's would be.
//!
//! **Invariant:** every write that touches a charge locks its row first, so everything about one
//! charge happens one after another, and READ COMMITTED is enough. Only adding scripts, which
//! counts them, is SERIALIZABLE.

pub mod charge;
pub mod lost_request;
pub mod operation;
pub mod script;

use souk_data::{Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "payments-simulator",
    migrations: &[
        Migration {
            version: 1,
            name: "simulator",
            sqlite: include_str!("../../../migrations/sqlite/0001_simulator.sql"),
            postgres: include_str!("../../../migrations/postgres/0001_simulator.sql"),
        },
        Migration {
            version: 2,
            name: "decision",
            sqlite: include_str!("../../../migrations/sqlite/0002_decision.sql"),
            postgres: include_str!("../../../migrations/postgres/0002_decision.sql"),
        },
    ],
};
