//! The {{name}} service: what users write down.
//!
//! Read it in this order: what is promised (`proto/souk/{{package}}/v1`), the rules (`entry.rs`), what can be asked (`rpc.rs`), what is
//! told and heard (`events.rs`), all SQL (`store.rs`).

mod config;
mod convert;
mod entry;
mod error;
mod events;
mod rpc;
mod store;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::{{package}}::v1::{{package}}_service_server::{{Name}}ServiceServer;
use souk_data::Db;
use souk_types::Clock;

use config::Config;
use rpc::{{Name}}Rpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    definition_on(Clock::system())
}

/// Returns the service on a clock that the caller may move, for tests.
pub fn definition_on(clock: Clock) -> Definition {
    Definition::new("{{name}}", include_str!("../config.default.toml"), move |config, host| {
        build(config, host, clock.clone())
    })
}

/// Opens the database, which migrates it, and assembles the service.
async fn build(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    config.check()?;
    let db = Db::open(&config.data, host.data_dir(), &store::SCHEMA, clock.clone()).await?;
    let most_per_user = config.entries.most_per_user;
    let rpc = {{Name}}Rpc { db: db.clone(), clock: clock.clone(), most_per_user };
    let consumer = events::consumer(&host, db.clone(), clock.clone(), most_per_user);
    let kept = db.clone();

    Ok(Service::new(&souk_client::CONTRACT)
        .rpc({{Name}}ServiceServer::new(rpc))
        .worker("relay", souk_events::relay(&host, db.clone()))
        .worker("consumer", move |drain| consumer.clone().run(drain))
        .worker("retention", move |drain| worker::purge(kept.clone(), clock.clone(), config.retention, drain))
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
}
