//! The events service: the event bus of the shop. It keeps events in a log and delivers them to
//! subscriptions.
//!
//! Read it in this order: the contract (`proto/souk/events/v1`), the log (`log.rs`), a subscription
//! (`subscription.rs`), what may be delivered next (`window.rs`), how streams, leases and writes
//! work together (`delivery.rs`), the RPCs (`rpc/`), all SQL (`store.rs`).

mod access;
mod backlog;
#[cfg(any(feature = "kafka", feature = "rabbitmq"))]
mod cloudevents;
mod config;
mod convert;
mod dead_letter;
mod delivery;
mod error;
mod invariants;
mod log;
mod progress;
mod rpc;
mod store;
mod subscription;
mod window;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::events::v1::event_service;
use souk_data::Engine;
use souk_data::Isolation::ReadCommitted;

pub use store::SCHEMA;

use config::Config;
use delivery::Delivery;
use rpc::EventsRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("events", include_str!("../config.default.toml"), build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let db = souk_events::open(&host, &config.data, &SCHEMA).await?;
    if db.engine() == Engine::Sqlite {
        db.write(ReadCommitted, (), store::lease::free_all).await?;
    }
    let clock = host.clock();
    let log = log::open(&config.engine, &db, &clock).await?;
    let delivery = Delivery::new(db.clone(), log.clone(), clock.clone(), config.delivery);
    let rpc =
        EventsRpc::new(db.clone(), log.clone(), delivery.clone(), clock.clone(), host.drain());

    let worker =
        worker::Worker { db: db.clone(), log: log.clone(), delivery: delivery.clone(), clock };
    let retention = worker.clone();
    let follower = log.clone();
    let checked = (db.clone(), log.clone());
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(event_service::server(rpc))
        .invariants(move || invariants::check(checked.0.clone(), checked.1.clone()))
        .worker("delivery", move |drain| delivery::record(delivery.clone(), drain))
        .worker("log", move |drain| {
            let log = follower.clone();
            async move { log.follow(drain).await }
        })
        .worker("retention", move |drain| retention.clone().delete_old(config.retention, drain))
        .worker("lag", move |drain| worker.clone().measure(drain))
        .ready(move || {
            let db = db.clone();
            let log = log.clone();
            async move {
                db.ping().await?;
                log.ping().await
            }
        }))
}
