//! The ledger service: double-entry accounts and the transfers between them; every movement of money.
//!
//! Read it in this order: what is promised (`proto/souk/ledger/v1`), the rules of one transfer (`transfer.rs`), the rules
//! of a batch (`book.rs`), what a batch writes (`entry.rs`), how it is written (`store/write.rs`).

pub mod account;
pub mod balance;
pub mod book;
mod chain;
mod config;
mod convert;
pub mod entry;
mod error;
mod expiry;
pub mod party;
mod replay;
mod rpc;
mod store;
pub mod transfer;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::ledger::v1::ledger_service;

use config::Config;
use rpc::LedgerRpc;
use store::Store;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("ledger", include_str!("../config.default.toml"), build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let store = Store::open(&config.data, host.data_dir(), host.clock()).await?;
    let rpc = LedgerRpc::new(store.clone(), host.clock());
    let db = store.db().clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(ledger_service::server(rpc))
        .worker("expiry", move |drain| expiry::run(store.clone(), host.clock(), config.expiry, drain))
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
}
