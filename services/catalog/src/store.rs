//! The tables of the catalogue and every query, by table. Nothing outside this folder knows a
//! table.
//!
//! Functions that take a [`Tx`](souk_data::Tx) belong to a write that the caller opened.

pub mod audit;
pub mod default_prices;
pub mod imports;
mod lists;
pub mod offers;
pub mod prices;
pub mod products;
pub mod variants;

use souk_data::{Migration, Schema};

/// The schema of the catalogue's database.
pub static SCHEMA: Schema = Schema {
    name: "catalog",
    migrations: &[Migration {
        version: 1,
        name: "catalog",
        sqlite: include_str!("../migrations/sqlite/0001_catalog.sql"),
        postgres: include_str!("../migrations/postgres/0001_catalog.sql"),
    }],
};
