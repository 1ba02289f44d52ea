//! The tables of inventory and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened.
//!
//! **Invariant:** every write locks its reservations first and then its stock, in the order of
//! their keys; so no two writes wait for each other in a circle, and READ COMMITTED is enough.

pub mod audit;
pub mod location;
pub mod movement;
pub mod reservation;
pub mod reservation_line;
pub mod stock;

use souk_data::{Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "inventory",
    migrations: &[
        Migration {
            version: 1,
            name: "inventory",
            sqlite: include_str!("../migrations/sqlite/0001_inventory.sql"),
            postgres: include_str!("../migrations/postgres/0001_inventory.sql"),
        },
        Migration {
            version: 2,
            name: "owner",
            sqlite: include_str!("../migrations/sqlite/0002_owner.sql"),
            postgres: include_str!("../migrations/postgres/0002_owner.sql"),
        },
    ],
};
