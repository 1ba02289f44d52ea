//! The relay and the consumer, between a service with a database of its own and a bus that follows
//! a script.

mod publisher;
mod relay;
mod subscription;
