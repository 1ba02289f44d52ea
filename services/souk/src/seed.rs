//! The small catalogue for a new shop, so that it can be tried at once.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::FieldMask;
use serde::Deserialize;
use souk_chassis::{Caller, Channel, Running, StartError};
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::operation::import_products;
use souk_client::types::v1::{Address, Money};

use crate::connect::failure;

/// A sku of the catalogue, for examples.
pub const EXAMPLE_SKU: &str = "TEA-MINT-100";

/// `seed/catalog.json`; the README beside it says what the fields mean.
#[derive(Deserialize)]
struct Catalog {
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    external_key: String,
    title: String,
    description: String,
    labels: BTreeMap<String, String>,
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    sku: String,
    title: String,
    attributes: BTreeMap<String, String>,
    prices: Vec<Price>,
    stock: i32,
    #[serde(default)]
    shop_stock: i32,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    backorder_limit: i32,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Policy {
    #[default]
    Tracked,
    Untracked,
    Backorder,
}

#[derive(Deserialize)]
struct Price {
    currency_code: String,
    minor_units: i64,
}

/// Fills a shop that has no product yet. A start that was killed halfway is completed: every call
/// may be repeated.
pub async fn plant(running: &Running) -> Result<(), StartError> {
    let staff =
        |service: &str| running.channel(service).acting_as(&Caller::Staff("seed".to_owned()));
    let products = staff("catalog");
    let stock = staff("inventory");
    let unfinished = running.data_dir().join("seed-unfinished");
    if !unfinished.exists() && !is_empty(&products).await? {
        return Ok(());
    }
    std::fs::write(
        &unfinished,
        "The first start fills the shop; this file is deleted when that is done.\n",
    )?;
    let goods: Catalog = serde_json::from_str(include_str!("../seed/catalog.json"))
        .expect("the catalogue is part of the program");
    import(&products, &goods.products).await?;
    say_where_main_is(&stock).await?;
    open_shop(&stock).await?;
    set_policies(&stock, &goods.products).await?;
    receive(&stock, &goods.products).await?;
    std::fs::remove_file(&unfinished)?;
    Ok(())
}

async fn is_empty(channel: &Channel) -> Result<bool, StartError> {
    use catalog::ProductState::{Active, Archived, Draft};
    let states = [Draft, Active, Archived].map(Into::into).into();
    let request = catalog::ListProductsRequest { page_size: 1, states, ..Default::default() };
    let listed = CatalogServiceClient::new(channel.clone()).list_products(request).await;
    Ok(listed
        .map_err(|status| failure("listing the catalogue", &status))?
        .into_inner()
        .products
        .is_empty())
}

async fn import(channel: &Channel, goods: &[Product]) -> Result<(), StartError> {
    let items = goods.iter().map(|product| catalog::ImportedProduct {
        product: Some(catalog::Product {
            external_key: product.external_key.clone(),
            title: product.title.clone(),
            description: product.description.clone(),
            labels: product.labels.clone(),
            ..Default::default()
        }),
        initial_state: catalog::ProductState::Active.into(),
        variants: product.variants.iter().map(imported).collect(),
    });
    // Another version may have other goods.
    let request_id = concat!("souk-seed-", env!("CARGO_PKG_VERSION"));
    let results = import_products(channel.clone(), request_id, items)
        .await
        .map_err(|status| failure("importing the catalogue", &status))?;
    match results
        .into_iter()
        .find_map(|result| result.error.map(|error| (result.external_key, error.message)))
    {
        Some((key, message)) => Err(StartError::new(format!("importing {key}: {message}"))),
        None => Ok(()),
    }
}

fn imported(variant: &Variant) -> catalog::ImportedVariant {
    let mut seen = BTreeSet::new();
    let price = |price: &Price| catalog::Price {
        unit_price: Some(Money {
            currency_code: price.currency_code.clone(),
            minor_units: price.minor_units,
        }),
        is_default: seen.insert(price.currency_code.clone()),
        ..Default::default()
    };
    catalog::ImportedVariant {
        variant: Some(catalog::Variant {
            sku: variant.sku.clone(),
            title: variant.title.clone(),
            attributes: variant.attributes.clone(),
            ..Default::default()
        }),
        prices: variant.prices.iter().map(price).collect(),
    }
}

/// Gives the location that every shop has an address.
async fn say_where_main_is(channel: &Channel) -> Result<(), StartError> {
    let location = Some(inventory::Location {
        location_id: "main".to_owned(),
        address: Some(address("Hull", "Warehouse 3, Humber Quays")),
        ..Default::default()
    });
    let request = inventory::UpdateLocationRequest {
        request_id: "souk-seed-main".to_owned(),
        location,
        update_mask: Some(FieldMask { paths: vec!["address".to_owned()] }),
    };
    let updated = InventoryServiceClient::new(channel.clone()).update_location(request).await;
    updated.map_err(|status| failure("changing a location", &status))?;
    Ok(())
}

fn address(locality: &str, line: &str) -> Address {
    Address {
        region_code: "GB".to_owned(),
        locality: locality.to_owned(),
        address_lines: vec![line.to_owned()],
        ..Default::default()
    }
}

/// Sets how the stock of what is not simply on a shelf is kept.
async fn set_policies(channel: &Channel, goods: &[Product]) -> Result<(), StartError> {
    let variants = goods.iter().flat_map(|product| &product.variants);
    for variant in variants.filter(|variant| variant.policy != Policy::Tracked) {
        let policy = match variant.policy {
            Policy::Tracked => inventory::InventoryPolicy::Tracked,
            Policy::Untracked => inventory::InventoryPolicy::Untracked,
            Policy::Backorder => inventory::InventoryPolicy::Backorder,
        };
        let stock_policy = inventory::StockPolicy {
            sku: variant.sku.clone(),
            policy: policy.into(),
            backorder_limit: variant.backorder_limit,
            ..Default::default()
        };
        let paths = ["policy", "backorder_limit"].map(str::to_owned).to_vec();
        let request = inventory::UpdateStockPolicyRequest {
            request_id: format!("souk-seed-{}", variant.sku),
            stock_policy: Some(stock_policy),
            update_mask: Some(FieldMask { paths }),
        };
        let set = InventoryServiceClient::new(channel.clone()).update_stock_policy(request).await;
        set.map_err(|status| failure("setting a stock policy", &status))?;
    }
    Ok(())
}

/// The second location.
const SHOP: &str = "shop";

/// Creates the location `shop`.
async fn open_shop(channel: &Channel) -> Result<(), StartError> {
    let location = Some(inventory::Location {
        location_id: SHOP.to_owned(),
        title: "Shop".to_owned(),
        address: Some(address("Leeds", "1 Canal Street")),
        ..Default::default()
    });
    let request = inventory::CreateLocationRequest { location };
    let created = InventoryServiceClient::new(channel.clone()).create_location(request).await;
    created.map_err(|status| failure("creating a location", &status))?;
    Ok(())
}

async fn receive(channel: &Channel, goods: &[Product]) -> Result<(), StartError> {
    let item = |variant: &Variant, location: &str, quantity| inventory::ReceivedItem {
        sku: variant.sku.clone(),
        location_id: location.to_owned(),
        quantity,
    };
    let items = goods
        .iter()
        .flat_map(|product| &product.variants)
        .flat_map(|variant| {
            [item(variant, "", variant.stock), item(variant, SHOP, variant.shop_stock)]
        })
        .filter(|item| item.quantity > 0)
        .collect();
    let request = inventory::ReceiveStockRequest {
        request_id: "souk-seed".to_owned(),
        items,
        effective_time: None,
    };
    let received = InventoryServiceClient::new(channel.clone()).receive_stock(request).await;
    received.map_err(|status| failure("receiving stock", &status))?;
    Ok(())
}
