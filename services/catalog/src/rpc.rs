//! The dependencies of the catalogue's methods. Each method is in `rpc/<method>.rs`.

mod archive_price;
mod audit_catalog;
mod batch_get_variants;
mod create_price;
mod create_product;
mod create_variant;
mod get_price;
mod get_product;
mod get_variant;
mod import_products;
mod list_prices;
mod list_products;
mod resolve_prices;
mod set_default_price;
mod update_product;
mod update_variant;

use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::error::Error;

/// What the methods work with.
pub struct CatalogRpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Handlers for CatalogRpc {
    type Error = Error;
}
