//! The {{name}} service: the entries of customers.
//!
//! Read it in this order: the contract (`proto/souk/{{package}}/v1`), the rules (`entry.rs`), the
//! methods (`rpc/<method>.rs`), published and consumed events (`events.rs`), all SQL (`store.rs`).

mod config;
mod convert;
mod entry;
mod error;
mod events;
mod id;
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
        .scopes(&["events.publish", "events.subscribe", "orders.read"])
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let db = souk_events::open(&host, &config.data, &store::SCHEMA).await?;
    let most_per_customer = config.entries.most_per_customer;
    let consumer = events::consumer(&host, db.clone(), most_per_customer);
    let checked = db.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc({{package}}_service::server({{Name}}Rpc {
            db: db.clone(),
            clock: host.clock(),
            most_per_customer,
        }))
        .invariants(move || store::check(checked.clone()))
        .database(&host, &db)
        .worker("consumer", move |drain| consumer.clone().run(drain)))
}
