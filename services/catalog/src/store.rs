//! The tables of the catalogue and every query, by table. Nothing outside this folder knows a
//! table.
//!
//! Functions that take a [`Tx`](souk_data::Tx) belong to a write that the caller opened.

pub mod audit;
pub mod default_prices;
pub mod import_groups;
pub mod imports;
mod migrations;
pub mod offers;
pub mod prices;
pub mod product_labels;
pub mod products;
pub mod variants;

pub use migrations::SCHEMA;
