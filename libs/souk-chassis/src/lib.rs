//! The runtime of every Rust service of Souk: life cycle, configuration, the request pipeline,
//! calls to upstreams, telemetry and fault injection. It has no business logic.
//!
//! Start reading at [`Definition`] (what a service is), `incoming.rs` (the steps of every request),
//! `outgoing.rs` (the steps of every outgoing call) and `shop.rs` (how it all runs).
#![warn(missing_docs)]
// The one place, with souk-contract, that may build statuses by code.
#![allow(clippy::disallowed_methods)]

mod builtin;
mod call;
mod caller;
mod caps;
mod channel;
mod config;
mod connection;
mod context;
mod deadline;
mod decoding_budget;
mod definition;
mod drain;
mod exchange;
mod fault_rpc;
mod faults;
mod frames;
mod health;
mod host;
mod http2;
pub mod identity;
mod incoming;
mod invariants;
mod limits;
mod line;
mod listen;
pub mod log;
mod message_limit;
mod method;
mod methods;
mod metrics_server;
mod options;
mod outgoing;
mod passthrough;
pub mod pb;
mod peers;
mod process;
mod red;
mod reflection;
mod refusal;
mod remote;
mod request_log;
mod retry;
mod run;
mod running;
mod service;
mod shared;
mod shop;
mod socket;
mod spans;
mod start_error;
mod status;
mod telemetry;
mod trace;
mod wire;
mod worker;

pub use channel::Channel;
pub use context::Context;
pub use definition::Definition;
pub use drain::Drain;
pub use faults::{Effect, Faults, Rule};
pub use host::Host;
pub use invariants::{Finding, Report};
pub use options::Options;
pub use passthrough::Passthrough;
#[doc(hidden)]
pub use run::{code_of, main_with};
pub use run::{main, run, settings};
pub use running::Running;
pub use service::{Ended, Service};
pub use shop::Shop;
pub use souk_contract::{Call, Caller, Deadline, UnknownCaller};
pub use start_error::StartError;
pub use trace::TraceId;
