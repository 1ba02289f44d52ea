//! The catalog service: owns what the shop sells, its variants, and what those cost.
//!
//! Read it in this order: what is promised (`proto/souk/catalog/v1`), the rules (`product.rs`, `variant.rs`, `price.rs`),
//! what can be asked (`rpc.rs`), how an import decides (`import.rs`), the SQL (`store.rs`).

mod config;
mod convert;
mod error;
mod events;
mod import;
mod price;
mod product;
mod rpc;
mod store;
mod variant;
mod worker;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::catalog::v1::catalog_service_server::CatalogServiceServer;
use souk_data::Db;
use souk_types::{Clock, Currency, PriceId};

pub use config::Config;

use rpc::CatalogRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("catalog", include_str!("../config.default.toml"), |config, host| {
        build_with_clock(config, host, Clock::system())
    })
}

/// Opens the database and assembles the service on a clock, which tests move.
///
/// # Errors
/// When the database cannot be opened or migrated.
pub async fn build_with_clock(config: Config, host: Host, clock: Clock) -> Result<Service, StartError> {
    let db = Db::open(&config.data, host.data_dir(), &store::SCHEMA, clock.clone()).await?;
    let rpc = CatalogRpc { db: db.clone(), clock: clock.clone() };

    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(CatalogServiceServer::new(rpc))
        .worker("relay", souk_events::relay(&host, db.clone()))
        .worker("purge", {
            let db = db.clone();
            move |drain| worker::purge(db.clone(), clock.clone(), drain)
        })
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
}

/// Returns the id that ImportProducts gives to the price of a sku at so many minor units of a currency; the contract
/// (`ImportedPrice`) says how it is derived.
pub fn imported_price_id(sku: &str, currency: Currency, minor_units: i64) -> PriceId {
    price::imported_id(sku, souk_types::Money::new(currency, minor_units))
}
