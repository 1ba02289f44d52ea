//! The {{name}} service: what users write down.
//!
//! Read it in this order: what is promised (`proto/souk/{{package}}/v1`), the rules (`entry.rs`),
//! what can be asked (`rpc/<method>.rs`), what is published and consumed (`events.rs`), every query
//! (`store.rs`).

mod config;
mod convert;
mod entry;
mod error;
mod events;
mod rpc;
mod store;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::{{package}}::v1::{{package}}_service;
use souk_events::Stored as _;

use config::Config;
use rpc::{{Name}}Rpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("{{name}}", include_str!("../config.default.toml"), build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let db = souk_events::open(&host, &config.data, &store::SCHEMA).await?;
    let most_per_user = config.entries.most_per_user;
    let consumer = events::consumer(&host, db.clone(), most_per_user);
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc({{package}}_service::server({{Name}}Rpc {
            db: db.clone(),
            clock: host.clock(),
            most_per_user,
        }))
        .database(&host, &db)
        .worker("consumer", move |drain| consumer.clone().run(drain)))
}
