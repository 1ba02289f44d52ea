//! The orders service: places orders by a durable saga, and owns their life until they are fulfilled or refunded.
//!
//! Read `saga.rs` for what happens to an order, `drive.rs` for how it survives a crash, `rpc/` for what can be asked.

mod changes;
mod config;
mod convert;
mod drive;
mod error;
mod events;
mod order;
mod reason;
mod rpc;
mod saga;
mod state;
mod store;
mod upstream;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::orders::v1::order_service;
use souk_data::Engine;
use souk_events::Stored as _;
use souk_types::EventId;

pub use config::{Config, SagaConfig};
pub use drive::FAULT_POINTS;

use changes::Changes;
use drive::Sagas;
use rpc::OrderRpc;
use store::Store;
use upstream::Upstream;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("orders", include_str!("../config.default.toml"), build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    if let Some((key, value, allowed)) = config.saga.problem() {
        return Err(StartError::configuration(key, &value, allowed));
    }
    let db = souk_events::open(&host, &config.data, &store::SCHEMA).await?;
    let store = Store::new(db.clone());
    let clock = host.clock();
    let owner: Arc<str> = EventId::new(clock.now()).as_uuid().to_string().into();
    if db.engine() == Engine::Sqlite {
        // No other process can have this file open, so whoever held a lease is gone.
        store.free_all_leases(owner.clone()).await?;
    }
    let upstream = Upstream::new(&host, store.clone(), Duration::from_secs(config.saga.hold_seconds));
    let changes = Changes::default();
    let sagas = Sagas::new(store.clone(), upstream, &host, clock.clone(), changes.clone(), owner, config.saga);
    let consumer = events::consumer(&host, db.clone(), clock.clone());
    let rpc = OrderRpc { store, sagas: sagas.clone(), changes, clock, drain: host.drain() };

    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(order_service::server(rpc))
        .database(&host, &db)
        .worker("consumer", move |drain| consumer.clone().run(drain))
        .worker("sweep", move |drain| sagas.clone().sweep(drain)))
}
