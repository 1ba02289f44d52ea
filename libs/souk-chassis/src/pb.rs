//! The chassis' own protos, messages, clients and servers: `grpc.health.v1` and `souk.chassis.v1`
//! (faults).
#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    unused_qualifications,
    clippy::all,
    clippy::disallowed_methods
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
