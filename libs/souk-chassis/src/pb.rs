//! The protos that the chassis serves itself, messages, clients and servers: `grpc.health.v1`, and
//! `souk.ops.v1` of the contract.
#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    unused_qualifications,
    clippy::all,
    clippy::disallowed_methods
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

/// What is generated from `souk.ops.v1`, with its policies and descriptors.
pub mod own {
    include!(concat!(env!("OUT_DIR"), "/ops/contract.rs"));
}

pub use own::ops;
