//! The events service: the event bus of the shop. It keeps events in a log and delivers them to subscriptions.
//!
//! Read it in this order: what is promised (`proto/souk/events/v1`), the log (`log.rs`), a subscription (`subscription.rs`),
//! what may be delivered next (`window.rs`), how streams, leases and writes work together (`delivery.rs`), what can be asked
//! (`rpc.rs`), all SQL (`store.rs`).

#[cfg(any(feature = "kafka", feature = "rabbitmq"))]
mod cloudevents;
mod config;
mod convert;
mod delivery;
mod error;
mod log;
mod progress;
mod rpc;
mod standing;
mod store;
mod subscription;
mod window;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::events::v1::event_service_server::EventServiceServer;
use souk_data::{Db, Engine};
use souk_types::Clock;

use config::Config;
use delivery::Delivery;
use log::Log;
use rpc::EventsRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    definition_on(Clock::system())
}

/// Returns the service on a clock that the caller may move, for tests.
pub fn definition_on(clock: Clock) -> Definition {
    Definition::new("events", include_str!("../config.default.toml"), move |config, host| {
        build(config, host, clock.clone())
    })
}

/// Opens the database, which migrates it, and the log, and assembles the service.
async fn build(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    config.check()?;
    let db = Db::open(&config.data, host.data_dir(), &store::SCHEMA, clock.clone()).await?;
    if db.engine() == Engine::Sqlite {
        db.write_locked(|tx| async move { store::place::free_all(&tx).await }).await?;
    }
    let log = Log::open(&config.engine, &db, &clock).await?;
    let delivery = Delivery::new(db.clone(), log.clone(), clock.clone(), config.delivery);

    let drain = host.drain();
    let rpc = EventsRpc::new(db.clone(), log.clone(), delivery.clone(), clock.clone(), drain);
    let (ready_db, ready_log) = (db.clone(), log.clone());
    let (look_log, purge_log) = (log.clone(), log.clone());
    let (recorded, measured) = (delivery.clone(), delivery);
    let (retention_db, retention_clock) = (db.clone(), clock.clone());

    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(EventServiceServer::new(rpc))
        .worker("delivery", move |drain| delivery::record(recorded.clone(), drain))
        .worker("log", move |drain| look_log.clone().follow(drain))
        .worker("retention", move |drain| {
            worker::delete_old(
                retention_db.clone(),
                purge_log.clone(),
                retention_clock.clone(),
                config.retention,
                drain,
            )
        })
        .worker("lag", move |drain| worker::measure(db.clone(), log.clone(), measured.clone(), clock.clone(), drain))
        .ready(move || {
            let (db, log) = (ready_db.clone(), ready_log.clone());
            async move {
                db.ping().await?;
                log.ping().await
            }
        }))
}
