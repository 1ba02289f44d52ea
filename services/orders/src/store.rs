//! The tables of orders and every query, by table. Functions that take a [`Tx`](souk_data::Tx)
//! belong to a write that the caller opened.
//!
//! **Invariant:** every write locks the saga of its order first, or changes it under the epoch of
//! its lease; so no two writes change one order at a time, and READ COMMITTED is enough.

pub mod audit;
pub mod cancellation;
mod cancellation_line;
pub mod capture;
pub mod fulfillment;
mod fulfillment_line;
pub mod guest_claim;
pub mod history;
pub mod journal;
mod migrations;
pub mod order;
pub mod order_line;
pub mod order_list;
pub mod order_number;
pub mod order_payment;
pub mod refund;
pub mod refund_line;
mod requested_lines;
pub mod reversed_capture;
pub mod saga;

pub use migrations::SCHEMA;
