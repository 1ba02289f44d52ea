//! The shop under attack, and an honest customer of it.

use std::net::SocketAddr;
use std::process::Output;
use std::time::{Duration, Instant};

use souk_chassis::Caller;
use souk_client::catalog::v1::ListProductsRequest;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::inventory::v1::{BatchGetStockRequest, Stock};
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{Order, PlaceOrderLine, PlaceOrderRequest, place_order_line::Item};
use souk_testkit::{CallerChannel, ChildShop, connect_as};
use tokio::process::Command;
use tonic::Status;

/// How long anything may take on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A sku of the catalogue that a shop starts with.
pub const SKU: &str = "TEA-MINT-100";

/// A container of half a gigabyte, as many shops would run in.
pub const CONTAINER_BYTES: u64 = 512 << 20;

/// Starts a shop, quiet on what every refused call would log.
pub async fn start(folder: &tempfile::TempDir) -> ChildShop {
    ChildShop::up(folder.path()).environment("SOUK__LOG__LEVEL", "warn").start().await
}

/// Returns the address of a shop.
pub fn address(shop: &ChildShop) -> SocketAddr {
    shop.url().strip_prefix("http://").expect("a URL").parse().expect("an address")
}

/// Connects a customer.
pub fn user(shop: &ChildShop, id: &str) -> CallerChannel {
    shop.channel_as(&Caller::user(id))
}

/// Connects the staff.
pub fn staff(shop: &ChildShop) -> CallerChannel {
    shop.channel_as(&Caller::Staff("ada".to_owned()))
}

/// Browses as a new visitor.
///
/// # Panics
/// When the shop refuses, or takes longer than a person would wait on a busy machine.
pub async fn browse(shop: &ChildShop) {
    let started = Instant::now();
    let mut catalog = CatalogServiceClient::new(connect_as(&shop.url(), &Caller::Anonymous));
    let answer =
        tokio::time::timeout(LIMIT, catalog.list_products(ListProductsRequest::default())).await;
    let page = answer
        .expect("the shop answers")
        .expect("the shop serves others under attack")
        .into_inner();
    assert!(!page.products.is_empty());
    assert!(started.elapsed() < Duration::from_secs(10), "browsing took {:?}", started.elapsed());
}

/// Buys one unit as a customer.
pub async fn buy(channel: CallerChannel, request_id: &str, quantity: i32) -> Result<Order, Status> {
    let line = PlaceOrderLine { item: Some(Item::Sku(SKU.to_owned())), quantity };
    let request = PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: vec![line],
        ..Default::default()
    };
    let answer = OrderServiceClient::new(channel).place_order(request).await?;
    Ok(answer.into_inner().order.expect("an order"))
}

/// Returns what there is of the sku.
pub async fn stock(shop: &ChildShop) -> Stock {
    let request = BatchGetStockRequest { skus: vec![SKU.to_owned()], location_id: String::new() };
    let answer = InventoryServiceClient::new(staff(shop)).batch_get_stock(request).await;
    answer
        .expect("the stock")
        .into_inner()
        .stock
        .into_iter()
        .next()
        .expect("a sku that was received")
}

/// Audits the shop with its own command.
///
/// # Panics
/// When an invariant does not hold.
pub async fn audit(shop: &ChildShop) {
    let data = shop.data().display().to_string();
    let audited = tool(shop, &["audit", "--data", &data]).await;
    assert!(audited.status.success(), "{}", String::from_utf8_lossy(&audited.stdout));
}

/// Runs a tool of the program on the shop.
pub async fn tool(shop: &ChildShop, arguments: &[&str]) -> Output {
    run(&[arguments, &["--to", &address(shop).to_string()]].concat()).await
}

/// Runs the program with these arguments to its end.
pub async fn run(arguments: &[&str]) -> Output {
    let program = std::env::current_exe().expect("a test knows its own file");
    let program = program
        .ancestors()
        .nth(2)
        .expect("cargo puts tests into target/<profile>/deps")
        .join("souk");
    let program = std::env::var_os("SOUK_BIN").map_or(program, Into::into);
    Command::new(program).args(arguments).output().await.expect("the program starts")
}
