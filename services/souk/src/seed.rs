//! The small catalogue for a new shop, so that it can be tried at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use souk_chassis::{Caller, Channel, Running, StartError};
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
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
    open_shop(&stock).await?;
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
    let items: Vec<_> = goods
        .iter()
        .map(|product| catalog::ImportProductsRequest {
            item: Some(catalog::ImportedProduct {
                product: Some(catalog::Product {
                    external_key: product.external_key.clone(),
                    title: product.title.clone(),
                    description: product.description.clone(),
                    labels: product.labels.clone(),
                    ..Default::default()
                }),
                initial_state: catalog::ProductState::Active.into(),
                variants: product.variants.iter().map(imported).collect(),
            }),
        })
        .collect();
    let answered =
        CatalogServiceClient::new(channel.clone()).import_products(tokio_stream::iter(items)).await;
    let results = answered
        .map_err(|status| failure("importing the catalogue", &status))?
        .into_inner()
        .results;
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

/// The second location.
const SHOP: &str = "shop";

/// Creates the location `shop`.
async fn open_shop(channel: &Channel) -> Result<(), StartError> {
    let address = Address {
        region_code: "GB".to_owned(),
        locality: "Leeds".to_owned(),
        address_lines: vec!["1 Canal Street".to_owned()],
        ..Default::default()
    };
    let location = Some(inventory::Location {
        location_id: SHOP.to_owned(),
        title: "Shop".to_owned(),
        address: Some(address),
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
