//! All SQL of the catalogue. Nothing outside this folder knows a table.

pub mod audit;
pub mod imports;
pub mod offers;
pub mod prices;
pub mod products;
mod sql;
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
