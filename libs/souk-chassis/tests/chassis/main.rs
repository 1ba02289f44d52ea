//! The chassis over real gRPC: one scenario suite for both forms of a channel and for calls that
//! are passed on, and what surrounds it.
#![allow(clippy::disallowed_methods)]

mod access;
mod attacks;
mod calls;
mod config;
mod deadlines;
mod echo;
mod endings;
mod errors;
mod faults;
mod invariants;
mod lifecycle;
mod messages;
mod observing;
mod passthrough;
mod raw;
mod retries;
mod spans;
mod stage;
mod wire;

/// Generated from tests/proto.
#[allow(dead_code, missing_docs, unused_imports, unused_qualifications, clippy::all)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/echo/contract.rs"));
}
