//! What these tests share: the program, shops in folders of their own, and a customer.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use souk_chassis::Caller;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::catalog::v1::{ListProductsRequest, Product};
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{
    GetOrderRequest, Order, PaymentStatus, PlaceOrderLine, PlaceOrderRequest,
};
use souk_testkit::{CallerChannel, ChildShop, eventually};
use tokio::process::Command;
use tonic::Status;

/// How long anything may take on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A sku of the catalogue that a new shop is filled with.
pub const SKU: &str = "TEA-MINT-100";

/// The program under test.
pub fn souk() -> PathBuf {
    std::env::var_os("SOUK_BIN").map_or_else(|| env!("CARGO_BIN_EXE_souk").into(), PathBuf::from)
}

/// What a run of the program left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Panics with everything that was printed unless it exited with this code.
    #[track_caller]
    pub fn exited_with(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "it printed:\n{}\n{}", self.out, self.err);
        self
    }
}

/// Runs the program to its end, in a folder, with these variables set.
pub async fn run_in(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(souk());
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await;
    Ran::of(&output.unwrap_or_else(|_| panic!("souk {arguments:?} has not ended")).unwrap())
}

/// Runs the program to its end.
pub async fn run(arguments: &[&str]) -> Ran {
    run_in(&std::env::temp_dir(), arguments, &[]).await
}

pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("souk-cli-").tempdir().unwrap()
}

/// Returns `souk up` in a folder; its first start fills the catalogue.
pub fn shop_in(folder: &Path) -> ChildShop {
    ChildShop::up(folder).program(souk()).environment("SOUK__LOG__LEVEL", "warn")
}

/// Returns the address of a shop without `http://`, as people type it.
pub fn address(shop: &ChildShop) -> String {
    shop.url().trim_start_matches("http://").to_owned()
}

pub fn printed(shop: &ChildShop) -> String {
    std::fs::read_to_string(shop.log()).unwrap()
}

pub async fn products(shop: &ChildShop) -> Vec<Product> {
    let mut client = CatalogServiceClient::new(shop.channel_as(&Caller::Anonymous));
    let listed =
        client.list_products(ListProductsRequest { page_size: 1_000, ..Default::default() }).await;
    listed.unwrap().into_inner().products
}

/// The user alice at a shop.
#[derive(Clone)]
pub struct Customer(OrderServiceClient<CallerChannel>);

impl Customer {
    pub fn of(shop: &ChildShop) -> Customer {
        Customer(OrderServiceClient::new(shop.channel_as(&Caller::user("alice"))))
    }

    /// Buys one unit.
    pub async fn buy(&mut self, request_id: &str) -> Result<Order, Status> {
        let request = PlaceOrderRequest {
            request_id: request_id.to_owned(),
            currency_code: "GBP".to_owned(),
            payment_method: "tok_approved".to_owned(),
            lines: vec![PlaceOrderLine { item: Some(Item::Sku(SKU.to_owned())), quantity: 1 }],
            ..Default::default()
        };
        Ok(self.0.place_order(request).await?.into_inner().order.unwrap())
    }

    pub async fn order(&mut self, order_id: &str) -> Result<Order, Status> {
        let request = GetOrderRequest { order_id: order_id.to_owned() };
        Ok(self.0.get_order(request).await?.into_inner().order.unwrap())
    }

    /// Waits until an order is paid.
    pub async fn paid(&self, order_id: &str) -> Order {
        eventually(LIMIT, || async {
            let order =
                self.clone().order(order_id).await.map_err(|status| format!("{status:?}"))?;
            let is_paid = order.payment_status() == PaymentStatus::Paid;
            if is_paid { Ok(order) } else { Err(format!("{order:?}")) }
        })
        .await
    }
}

/// Asks the auditor.
pub async fn audit(shop: &ChildShop) -> Ran {
    run(&["audit", "--to", &address(shop), "--patience", "30"]).await
}
