//! The inventory service: stock by location, its reservations, and the record of every movement.
//!
//! Read it in this order: the contract (`proto/souk/inventory/v1`), the rules of stock
//! (`stock.rs`), where the units of a reservation come from (`allocation.rs`), its life
//! (`reservation.rs`), the RPCs (`rpc.rs`), background work (`worker.rs`), all SQL (`store.rs`).

mod allocation;
mod availability;
mod config;
mod convert;
mod error;
mod events;
mod location;
mod movement;
mod policy;
mod reservation;
mod rpc;
mod state;
mod stock;
mod stock_key;
mod store;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::inventory::v1::inventory_service;
use souk_events::Stored as _;

pub use store::SCHEMA;

use config::Config;
use rpc::InventoryRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("inventory", include_str!("../config.default.toml"), build)
        .scopes(&["events.publish"])
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let db = souk_events::open(&host, &config.data, &SCHEMA).await?;
    let rpc = InventoryRpc { db: db.clone(), clock: host.clock() };
    let background = rpc.clone();
    let finished = rpc.clone();
    let checked = rpc.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(inventory_service::server(rpc))
        .invariants(move || store::audit::check(checked.db.clone(), checked.clock.now()))
        .database(&host, &db)
        .worker("expiry", move |drain| {
            worker::expire_holds(background.clone(), config.expiry, drain)
        })
        .worker("finished", move |drain| {
            worker::delete_finished(finished.clone(), config.retention, drain)
        }))
}
