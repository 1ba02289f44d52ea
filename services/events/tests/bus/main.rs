//! What the bus promises holds on every engine: one suite, run on the service's own database, on a
//! real Apache Kafka and on a real RabbitMQ, over real gRPC. What one method promises in detail is
//! tested beside it, in tests/events.

#[macro_use]
mod engine;
#[allow(dead_code, reason = "the suite of the methods uses the rest of it")]
#[path = "../events/child.rs"]
mod child;
#[allow(dead_code, reason = "the suite of the methods uses the rest of it")]
#[path = "../events/support.rs"]
mod support;

mod broker;
mod delivery;
mod foreign;
#[path = "../events/handled.rs"]
mod handled;
mod killed;
mod replay;
mod replicas;
mod size;
mod unary;
