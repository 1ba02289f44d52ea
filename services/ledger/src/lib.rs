//! The ledger service: double-entry accounts and the transfers between them; every movement of
//! money.
//!
//! Read it in this order: the contract (`proto/souk/ledger/v1`), the rules of one transfer
//! (`transfer.rs`), the rules of a batch (`book.rs`), what a batch writes (`entry.rs`), how it is
//! written (`writer.rs`), all SQL (`store.rs`).

pub mod account;
pub mod balance;
pub mod book;
mod chain;
mod config;
mod convert;
pub mod entry;
mod error;
mod expiry;
mod ledger;
mod listing;
pub mod party;
mod replay;
mod rpc;
mod store;
pub mod transfer;
mod writer;

use std::sync::Arc;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::ledger::v1::ledger_service;
use souk_data::Db;

pub use store::SCHEMA;

use config::Config;
use rpc::LedgerRpc;
use writer::Writer;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("ledger", include_str!("../config.default.toml"), build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let db = Db::open(&config.data, host.data_dir(), &SCHEMA, host.clock()).await?;
    let writer = Arc::new(Writer::new(db.clone()));
    let rpc = LedgerRpc { db: db.clone(), clock: host.clock(), writer: writer.clone() };
    let checked = db.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(ledger_service::server(rpc))
        .invariants(move || store::audit::check(checked.clone()))
        .worker("expiry", move |drain| {
            expiry::run(writer.clone(), host.clock(), config.expiry, drain)
        })
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
}
