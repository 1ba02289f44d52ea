//! The tables of orders and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened.
//!
//! **Invariant:** every write locks the saga of its order first, or changes it under the epoch of
//! its lease; so no two writes change one order at a time, and READ COMMITTED is enough.

pub mod audit;
pub mod history;
pub mod journal;
pub mod order;
pub mod order_line;
pub mod refund;
pub mod refund_line;
pub mod saga;

use souk_data::{Migration, Schema};

/// The schema of the orders database.
pub static SCHEMA: Schema = Schema {
    name: "orders",
    migrations: &[
        Migration {
            version: 1,
            name: "orders",
            sqlite: concat!(
                include_str!("../migrations/sqlite/0001_orders.sql"),
                include_str!("../migrations/sqlite/0001_append_only.sql")
            ),
            postgres: concat!(
                include_str!("../migrations/postgres/0001_orders.sql"),
                include_str!("../migrations/postgres/0001_append_only.sql")
            ),
        },
        Migration {
            version: 2,
            name: "lines and returns",
            sqlite: include_str!("../migrations/sqlite/0002_lines_and_returns.sql"),
            postgres: include_str!("../migrations/postgres/0002_lines_and_returns.sql"),
        },
    ],
};
