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

pub use config::{Config, ExpiryConfig};

use rpc::LedgerRpc;
use store::Store;

/// Returns the service before it runs.
pub fn definition() -> Definition {
    Definition::new("ledger", DEFAULT_CONFIG, build)
}

/// Every setting with its value and what it is for.
pub const DEFAULT_CONFIG: &str = include_str!("../config.default.toml");

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    build_with_clock(config, host, Clock::system()).await
}

/// Opens the database and assembles the service; tests give it a clock that they move.
///
/// # Errors
/// When the database cannot be opened or migrated.
pub async fn build_with_clock(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
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
