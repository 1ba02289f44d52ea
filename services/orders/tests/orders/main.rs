//! Tests of orders over real gRPC, on every engine, with upstreams that follow a script.
#![allow(clippy::disallowed_methods)]

mod behind;
mod migration;
mod reversals;
mod rpc;
mod saga;
mod split_reversals;
mod upstreams;
