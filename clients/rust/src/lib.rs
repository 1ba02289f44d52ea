//! Souk's contract in Rust: messages, clients, servers, field rules and method policies, generated
//! from `proto/` when this crate is built.
//!
//! `souk_client::inventory::v1` holds the proto package `souk.inventory.v1`, and so on for every
//! package; `souk.type.v1` is `souk_client::types::v1`. Clients are behind the feature `client`,
//! servers behind `server`; both are on by default.

mod convert;
pub mod money;
#[cfg(feature = "client")]
pub mod operation;
pub mod roles;

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
