//! The catalog service: owns what the shop sells, its variants, and what those cost.
//!
//! Read it in this order: the contract (`proto/souk/catalog/v1`), the rules (`product.rs`,
//! `variant.rs`, `price.rs`), the RPCs (`rpc/`), how an import decides (`import.rs`) and is carried
//! out (`importing.rs`), the tables and queries (`store.rs`).

mod config;
mod convert;
mod error;
mod events;
mod import;
mod importing;
mod item;
mod price;
mod price_audience;
mod product;
mod rpc;
mod state;
mod store;
mod variant;
mod variant_key;
mod variant_state;

use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::catalog::v1::catalog_service;
use souk_client::catalog::v1::catalog_service::ImportProducts;
use souk_contract::Method as _;
use souk_events::Stored as _;
use souk_operations::Operated as _;
use souk_types::{Currency, Money, PriceId};

pub use store::SCHEMA;

use config::Config;
use rpc::CatalogRpc;

/// Returns the service, ready to be run alone or with others.
pub fn definition() -> Definition {
    Definition::new("catalog", include_str!("../config.default.toml"), build)
        .scopes(&["events.publish"])
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    let db = souk_events::open(&host, &config.data, &SCHEMA).await?;
    let rpc = CatalogRpc { db: db.clone(), clock: host.clock(), service: "catalog" };
    let checked = db.clone();
    Ok(Service::new(&souk_client::CONTRACT)
        .rpc(catalog_service::server(rpc))
        .invariants(move || store::audit::check(checked.clone()))
        .operations(&host, &db, &[ImportProducts::PATH])
        .worker("import", importing::worker(&host, &db))
        .worker("import-retention", importing::retention(&host, &db))
        .database(&host, &db))
}

/// Returns the id that ImportProducts gives to the price of a sku for an amount in minor units of a
/// currency, for every channel; the contract (`ImportedVariant`) says how it is derived.
pub fn imported_price_id(sku: &str, currency: Currency, minor_units: i64) -> PriceId {
    price::imported_id(sku, Money::new(currency, minor_units), "")
}
