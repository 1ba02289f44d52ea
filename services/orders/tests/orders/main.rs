//! Tests of orders over real gRPC, on every engine, with neighbours that follow a script.
#![allow(clippy::disallowed_methods)]

mod behind;
mod neighbours;
mod rpc;
mod saga;
