//! The inventory service: stock by location, the reservations that promise it, and the record of every movement.
//!
//! Read it in this order: what is promised (`proto/souk/inventory/v1`), the rules of stock (`stock.rs`), the life of a
//! reservation (`reservation.rs`), what can be asked (`rpc.rs`), what runs by itself (`worker.rs`), all SQL (`store.rs`).

mod config;
mod convert;
mod error;
mod events;
mod movement;
mod reservation;
mod rpc;
mod stock;
mod store;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::inventory::v1::inventory_service_server::InventoryServiceServer;
use souk_data::Db;
use souk_types::Clock;

use config::Config;
use rpc::InventoryRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    definition_on(Clock::system())
}

/// Returns the service on a clock that the caller may move, for tests.
pub fn definition_on(clock: Clock) -> Definition {
    Definition::new("inventory", include_str!("../config.default.toml"), move |config, host| {
        build(config, host, clock.clone())
    })
}

/// Opens the database, which migrates it, and assembles the service.
async fn build(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    config.check()?;
    let db = Db::open(&config.data, host.data_dir(), &store::SCHEMA, clock.clone()).await?;

    let rpc = InventoryRpc { db: db.clone(), clock: clock.clone() };
    let (expiry_db, expiry_clock) = (db.clone(), clock.clone());
    let (retention_db, retention_clock) = (db.clone(), clock);

    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(InventoryServiceServer::new(rpc))
        .worker("relay", souk_events::relay(&host, db.clone()))
        .worker("expiry", move |drain| {
            worker::expire_holds(expiry_db.clone(), expiry_clock.clone(), config.expiry, drain)
        })
        .worker("retention", move |drain| {
            worker::delete_finished(retention_db.clone(), retention_clock.clone(), config.retention, drain)
        })
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
}
