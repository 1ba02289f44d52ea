//! The payments service: payments, carried out at a provider and in the ledger, each
//! operation once.
//!
//! Read `payment.rs` for the transitions, `transfers.rs` for the effects on the ledger,
//! `operation.rs` for how it survives a crash, `rpc/<method>.rs` for the RPCs, `store.rs` for the
//! tables, `follow.rs` for what it learns from the bus.

mod attempt;
mod audit;
mod capture;
mod config;
mod convert;
mod error;
mod events;
mod follow;
mod operation;
mod payment;
mod provider;
mod recovery;
mod refund;
mod rpc;
mod state;
mod store;
mod transfers;
mod upstream;

#[cfg(test)]
mod payment_tests;

use std::sync::Arc;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::payments::simulator::v1alpha::simulator_service;
use souk_client::payments::v1::payment_service;
use souk_events::Stored as _;
use souk_types::{AccountId, Currency};
use tokio::sync::{Mutex, mpsc};

pub use operation::FAULT_POINTS;
pub use provider::simulator::SCHEMA as SIMULATOR_SCHEMA;
pub use store::SCHEMA;
pub use transfers::Account;

use config::Config;
use operation::Operations;
use provider::simulator::{self, Simulator};
use rpc::{PaymentRpc, SimulatorRpc};
use upstream::Ledger;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("payments", include_str!("../config.default.toml"), build).scopes(&[
        "events.publish",
        "events.subscribe",
        "ledger.read",
        "ledger.write",
        "orders.read",
    ])
}

/// Returns the id of an account of payments in the ledger, as `docs/ledger-accounts.md` lists them.
pub fn ledger_account(account: Account, currency: Currency) -> AccountId {
    account.id(currency)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    config.check()?;
    let recovery = config.recovery;
    let clock = host.clock();
    let db = souk_events::open(&host, &config.data, &SCHEMA).await?;
    let book = souk_events::open(&host, &config.simulator.data, &SIMULATOR_SCHEMA).await?;
    let simulator = Simulator::new(&config, book.clone(), clock.clone());

    let ledger = Ledger::new(&host);
    let provider: Arc<dyn provider::Provider> = Arc::new(simulator.clone());
    let (let_go, dropped) = mpsc::channel(recovery::DROPPED_AT_MOST);
    let dropped = Arc::new(Mutex::new(dropped));
    let operations = Operations::new(
        db.clone(),
        provider.clone(),
        ledger.clone(),
        host.faults(),
        clock.clone(),
        recovery,
        let_go,
    );
    operations.free_all().await?;
    let rpc = PaymentRpc {
        db: db.clone(),
        operations: operations.clone(),
        provider,
        ledger,
        clock: clock.clone(),
    };
    let simulator_rpc = SimulatorRpc { simulator, payments: rpc.clone() };
    let checked = rpc.clone();
    let purged = book.clone();
    let consumer = follow::consumer(&host, db.clone(), clock.clone());
    let claims = db.clone();
    let claims_clock = clock.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(payment_service::server(rpc))
        .rpc(simulator_service::server(simulator_rpc))
        .invariants(move || {
            let PaymentRpc { db, ledger, provider, .. } = checked.clone();
            async move { audit::run(&db, &ledger, &*provider).await }
        })
        .database(&host, &db)
        .worker("consumer", move |drain| consumer.clone().run(drain))
        .worker("claims", move |drain| {
            follow::give_over(claims.clone(), claims_clock.clone(), recovery.sweep(), drain)
        })
        .worker("recovery", move |drain| {
            let operations = operations.clone();
            let dropped = dropped.clone();
            async move { recovery::run(operations, &dropped, recovery.sweep(), drain).await }
        })
        .worker("simulator-retention", move |drain| {
            simulator::purge(purged.clone(), clock.clone(), drain)
        })
        .ready(move || {
            let book = book.clone();
            async move { book.ping().await }
        }))
}
