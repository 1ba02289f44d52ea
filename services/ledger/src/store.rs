//! The tables of the ledger and every query, by table. What a batch of transfers reads and writes
//! is in `batch.rs`, as SQL.

pub mod account;
pub mod audit;
pub mod batch;
pub mod book;
pub mod checkpoint;
pub mod due;
pub mod history;
pub mod ledger;
pub mod list;
mod migrations;
pub mod transfer;

pub use migrations::SCHEMA;
