//! The payments service: intents to pay, carried out at a provider and in the ledger, each operation once.
//!
//! Read `payment.rs` for what may follow what, `transfers.rs` for what it moves in the ledger, `operation.rs` for how it survives a
//! crash, `rpc.rs` for what can be asked.

mod attempt;
mod audit;
mod config;
mod convert;
mod error;
mod events;
mod operation;
mod payment;
mod provider;
mod recovery;
mod refund;
mod rpc;
mod store;
mod transfers;
mod upstream;

#[cfg(test)]
mod payment_tests;

use std::sync::Arc;
use std::time::Duration;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::payments::v1::payment_service_server::PaymentServiceServer;
use souk_client::payments::v1::simulator_service_server::SimulatorServiceServer;
use souk_types::{AccountId, Clock, Currency};
use tokio::sync::{Mutex, mpsc};

pub use config::{Config, RecoveryConfig, SimulatorConfig};
pub use operation::FAULT_POINTS;
pub use transfers::Account;

use operation::Operations;
use provider::simulator::Simulator;
use rpc::{PaymentRpc, SimulatorRpc};
use store::Store;
use upstream::Ledger;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    definition_on(Clock::system())
}

/// Returns the service on a clock that the caller may move, for tests.
pub fn definition_on(clock: Clock) -> Definition {
    Definition::new("payments", include_str!("../config.default.toml"), move |config, host| {
        build(config, host, clock.clone())
    })
}

/// Returns the id of an account of payments in the ledger, as `docs/ledger-accounts.md` lists them.
pub fn ledger_account(account: Account, currency: Currency) -> AccountId {
    account.id(currency)
}

/// Assembles the service on this clock.
async fn build(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    if let Some((key, value, allowed)) = config.problem() {
        return Err(StartError::configuration(key, &value, allowed));
    }
    let lease = Duration::from_secs(config.recovery.lease_seconds);
    let retry = Duration::from_millis(config.recovery.retry_milliseconds);
    let sweep = Duration::from_millis(config.recovery.sweep_milliseconds);
    let store = Store::open(&config.data, host.data_dir(), lease, clock.clone()).await?;
    let simulator = Simulator::open(&config.simulator, host.data_dir(), clock.clone()).await?;
    store.free_all_claims().await?;

    let ledger = Ledger::new(&host);
    let provider: Arc<dyn provider::Provider> = Arc::new(simulator.clone());
    let (let_go, dropped) = mpsc::channel(recovery::DROPPED_AT_MOST);
    let dropped = Arc::new(Mutex::new(dropped));
    let operations =
        Operations::new(store.clone(), provider.clone(), ledger.clone(), host.faults(), clock.clone(), retry, let_go);
    let rpc = PaymentRpc { store: store.clone(), operations: operations.clone(), provider, ledger };
    let databases = [store.db().clone(), simulator.db().clone()];

    let limit = host.max_message_bytes();
    let simulator_rpc =
        SimulatorServiceServer::new(SimulatorRpc { simulator, payments: rpc.clone() }).max_decoding_message_size(limit);
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(PaymentServiceServer::new(rpc).max_decoding_message_size(limit))
        .rpc(simulator_rpc)
        .worker("relay", souk_events::relay(&host, databases[0].clone()))
        .worker("recovery", move |drain| {
            let (operations, store, dropped) = (operations.clone(), store.clone(), dropped.clone());
            async move { recovery::run(operations, store, &dropped, sweep, drain).await }
        })
        .worker("purge", {
            let databases = databases.clone();
            move |drain| recovery::purge(databases.clone(), clock.clone(), drain)
        })
        .ready(move || {
            let databases = databases.clone();
            async move {
                for db in &databases {
                    db.ping().await?;
                }
                Ok::<_, souk_data::Error>(())
            }
        }))
}
