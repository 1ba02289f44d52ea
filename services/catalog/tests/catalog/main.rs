//! The catalogue over real gRPC, on both engines.

mod concurrency;
mod events;
mod support;

mod rpc {
    mod archive_price;
    mod archive_product;
    mod archive_variant;
    mod batch_get_products;
    mod batch_get_variants;
    mod check_invariants;
    mod clear_default_price;
    mod create_price;
    mod create_product;
    mod create_variant;
    mod disable_variant;
    mod enable_variant;
    mod get_price;
    mod get_product;
    mod get_variant;
    pub mod import_products;
    mod list_prices;
    mod list_products;
    mod list_variants;
    mod publish_product;
    mod resolve_prices;
    mod restore_product;
    mod set_default_price;
    mod update_product;
    mod update_variant;
}
