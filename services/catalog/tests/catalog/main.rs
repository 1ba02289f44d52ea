//! The catalogue over real gRPC, on both engines.

mod concurrency;
mod events;
mod support;

mod rpc {
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
}
