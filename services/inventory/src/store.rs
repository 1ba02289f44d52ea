//! The tables of inventory and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened.
//!
//! **Invariant:** every write locks its reservations or its policy first and then its stock, in the
//! order of their keys; so no two writes wait for each other in a circle, and READ COMMITTED is
//! enough.

pub mod audit;
pub mod location;
mod migrations;
pub mod movement;
pub mod reservation;
pub mod reservation_line;
pub mod reservation_step;
pub mod stock;
pub mod stock_policy;

pub use migrations::SCHEMA;
