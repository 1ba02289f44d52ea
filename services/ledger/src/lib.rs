//! The ledger service: double-entry accounts and the transfers between them; every movement of money.
//!
//! Read it in this order: what is promised (`proto/souk/ledger/v1`), the rules of one transfer (`transfer.rs`), the rules
//! of a batch (`book.rs`), what a batch writes (`entry.rs`), how it is written (`store/batch.rs`).

pub mod account;
pub mod balance;
pub mod book;
mod chain;
mod config;
mod convert;
pub mod entry;
mod error;
mod expiry;
mod replay;
mod rpc;
mod store;
pub mod transfer;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::ledger::v1::ledger_service_server::LedgerServiceServer;
use souk_types::Clock;

use config::Config;
use rpc::LedgerRpc;
use store::Store;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    definition_on(Clock::system())
}

/// Returns the service on a clock that the caller may move, for tests.
pub fn definition_on(clock: Clock) -> Definition {
    Definition::new("ledger", include_str!("../config.default.toml"), move |config, host| {
        build(config, host, clock.clone())
    })
}

/// Opens the database, which migrates it, and assembles the service.
async fn build(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    config.check()?;
    let store = Store::open(&config.data, host.data_dir(), clock.clone()).await?;
    let rpc = LedgerRpc::new(store.clone(), clock.clone());
    let (expiring, ready) = (store.clone(), store);
    let limit = host.max_message_bytes();

    let server = LedgerServiceServer::new(rpc).max_decoding_message_size(limit).max_encoding_message_size(limit);
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(server)
        .worker("expiry", move |drain| expiry::run(expiring.clone(), clock.clone(), config.expiry, drain))
        .ready(move || {
            let db = ready.db().clone();
            async move { db.ping().await }
        }))
}
