//! The tables of the ledger and every query, by table. What a batch of transfers reads and writes
//! is in `batch.rs`, as SQL.

pub mod account;
pub mod audit;
pub mod batch;
pub mod book;
pub mod checkpoint;
pub mod due;
pub mod history;
pub mod transfer;

use souk_data::{Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "ledger",
    migrations: &[
        Migration {
            version: 1,
            name: "ledger",
            sqlite: include_str!("../migrations/sqlite/0001_ledger.sql"),
            postgres: include_str!("../migrations/postgres/0001_ledger.sql"),
        },
        Migration {
            version: 2,
            name: "one write after another",
            sqlite: include_str!("../migrations/sqlite/0002_book.sql"),
            postgres: include_str!("../migrations/postgres/0002_book.sql"),
        },
    ],
};
