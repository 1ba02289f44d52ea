//! The orders service: places orders by a durable saga, and owns their life until they are
//! fulfilled or refunded.
//!
//! Read `saga.rs` for what happens to an order, `drive.rs` and `record.rs` for how it survives a
//! crash, `rpc/` for what can be asked.

mod actor;
mod answer;
mod cancellation;
mod change;
mod claim;
mod config;
mod convert;
mod drive;
mod error;
mod events;
mod follow;
mod fulfillment;
mod link;
mod new_order;
mod numbers;
mod order;
mod order_update;
mod part;
mod reason;
mod record;
mod request_key;
mod reversal;
mod rpc;
mod saga;
mod share;
mod split;
mod start;
mod state;
mod step;
mod store;
mod upstream;
mod waiting;
mod watchers;

use std::sync::Arc;
use std::time::Duration;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::ops::v1::saga_service;
use souk_client::orders::v1::order_service;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Engine, Tx};
use souk_events::Stored as _;
use souk_types::EventId;

pub use config::{Config, SagaConfig};
pub use drive::FAULT_POINTS;
pub use store::SCHEMA;

use claim::Claims;
use drive::Sagas;
use numbers::Numbers;
use rpc::{OrderRpc, SagaRpc};
use upstream::Upstream;
use watchers::Watchers;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("orders", include_str!("../config.default.toml"), build).scopes(&[
        "events.publish",
        "events.subscribe",
        "inventory.read",
        "inventory.reserve",
        "payments.charge",
        "payments.read",
        "payments.refund",
    ])
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    if let Some((key, value, allowed)) = config.saga.problem() {
        return Err(StartError::configuration(key, &value, allowed));
    }
    let db = souk_events::open(&host, &config.data, &SCHEMA).await?;
    let clock = host.clock();
    let owner: Arc<str> = EventId::new(clock.now()).as_uuid().to_string().into();
    if db.engine() == Engine::Sqlite {
        // No other process can have this file open, so any earlier holder of a lease is gone.
        db.write(ReadCommitted, owner.clone(), async |tx: &Tx, owner: &Arc<str>| {
            store::saga::free_all(tx, owner).await
        })
        .await?;
    }
    let upstream = Upstream::new(&host, db.clone(), Duration::from_secs(config.saga.hold_seconds));
    let watchers = Watchers::default();
    let sagas = Sagas::new(
        db.clone(),
        upstream,
        &host,
        clock.clone(),
        watchers.clone(),
        owner,
        config.saga,
    );
    let claims = Claims::new(db.clone(), clock.clone(), watchers.clone());
    let consumer = follow::consumer(&host, db.clone(), clock.clone());
    let rpc = OrderRpc {
        db: db.clone(),
        sagas: sagas.clone(),
        claims: claims.clone(),
        tokens: host.tokens(),
        numbers: Numbers::new(db.clone()),
        watchers,
        clock,
        drain: host.drain(),
    };

    let saga_rpc = SagaRpc {
        db: db.clone(),
        sagas: sagas.clone(),
        watchers: rpc.watchers.clone(),
        clock: host.clock(),
    };
    let checked = db.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(order_service::server(rpc))
        .shared(saga_service::server(saga_rpc))
        .invariants(move || store::audit::check(checked.clone()))
        .database(&host, &db)
        .worker("claims", move |drain| claims.clone().run(drain))
        .worker("consumer", move |drain| consumer.clone().run(drain))
        .worker("sweep", move |drain| sagas.clone().sweep(drain)))
}
