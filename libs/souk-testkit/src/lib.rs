//! What tests of every service need: an engine, a database per test, a service on a free port,
//! scripted upstreams, and ways to wait and to read errors. It knows no service except the event
//! bus, which every service may use.
//!
//! ```text
//! on_each_engine! {
//!     async fn a_hold_that_expires_gives_its_units_back(engine: Engine) {
//!         let service = TestService::new(inventory::definition(), engine).start().await;
//!         let mut inventory = InventoryServiceClient::new(service.channel_as(&Caller::Service("orders".into())));
//!         …
//!     }
//! }
//! ```

// A fake may refuse in any way that a server can.
#![allow(clippy::disallowed_methods)]

mod broker;
mod bus;
mod caller_channel;
mod child;
mod database;
mod engine;
mod fake;
mod foreign;
mod invariants;
mod kafka;
mod rabbitmq;
mod rows;
mod service;
mod status;
mod wait;

pub use bus::{Bus, PublishAnswer};
pub use caller_channel::{CallerChannel, connect_as, connect_with};
pub use child::ChildShop;
pub use database::TestDb;
pub use engine::{is_available, nightly, postgres_url, run};
pub use fake::{Fake, FakeServer};
pub use foreign::prepared;
pub use invariants::check_invariants;
pub use kafka::Kafka;
pub use rabbitmq::RabbitMq;
pub use rows::RowCounts;
pub use service::{TestService, TestServiceBuilder};
pub use souk_data::Engine;
pub use status::{FieldViolation, domain_of, field_violations, metadata_of, reason_of};
pub use wait::{Answer, eventually};
