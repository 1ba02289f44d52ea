//! The dependencies of the catalogue's methods. Each method is in `rpc/<method>.rs`; what those
//! that change a state share is in `product_state.rs` and `variant_state.rs`.

mod archive_price;
mod archive_product;
mod archive_variant;
mod batch_get_products;
mod batch_get_variants;
mod clear_default_price;
mod create_price;
mod create_product;
mod create_variant;
mod disable_variant;
mod enable_variant;
mod get_price;
mod get_product;
mod get_variant;
mod import_products;
mod list_prices;
mod list_products;
mod list_variants;
mod product_state;
mod publish_product;
mod resolve_prices;
mod restore_product;
mod set_default_price;
mod update_product;
mod update_variant;
mod variant_state;

use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::error::Error;

/// What the methods work with.
pub struct CatalogRpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    /// The name of the service, by which its operations are found.
    pub(crate) service: &'static str,
}

impl Handlers for CatalogRpc {
    type Error = Error;
}
