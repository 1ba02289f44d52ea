//! Clients of a shop, whichever process its services are in, and the few calls that these tests
//! make.

use std::collections::BTreeMap;
use std::time::Duration;

use souk_chassis::Caller;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::catalog::v1::{
    CreatePriceRequest, CreateProductRequest, CreateVariantRequest, Price, Product,
    PublishProductRequest, Variant,
};
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::inventory::v1::{BatchGetStockRequest, ReceiveStockRequest, ReceivedItem, Stock};
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{PlaceOrderLine, PlaceOrderRequest, place_order_line::Item};
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_testkit::{CallerChannel, connect_as};
use tonic::Status;

/// The services of a shop; each after those that it calls.
pub const SERVICES: [&str; 5] = ["catalog", "inventory", "ledger", "payments", "orders"];

/// How long anything may take on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What one unit costs in these tests, in minor units of each of [`CURRENCIES`].
pub const PRICE: i64 = 250;

/// In what these tests sell; the first is the usual one.
pub const CURRENCIES: [&str; 5] = ["GBP", "EUR", "USD", "CHF", "SEK"];

/// Where each service of a shop is: a URL for each replica.
#[derive(Clone, Debug, Default)]
pub struct Addresses(BTreeMap<&'static str, Vec<String>>);

impl Addresses {
    /// Returns the addresses of a shop in one process.
    pub fn of_one(url: &str) -> Addresses {
        Addresses(SERVICES.into_iter().map(|service| (service, vec![url.to_owned()])).collect())
    }

    /// Adds a replica of a service.
    pub fn add(&mut self, service: &'static str, url: String) {
        self.0.entry(service).or_default().push(url);
    }

    /// Returns all replicas of a service as a setting has them: separated by commas.
    pub fn setting(&self, service: &str) -> String {
        self.0.get(service).expect("a service that was started").join(",")
    }

    /// Connects a caller to one replica of a service; `turn` says which.
    pub fn connect(&self, service: &str, turn: usize, caller: &Caller) -> CallerChannel {
        let replicas = self.0.get(service).expect("a service that was started");
        connect_as(&replicas[turn % replicas.len()], caller)
    }
}

/// What one caller does in a shop.
#[derive(Clone)]
pub struct Desk {
    pub catalog: CatalogServiceClient<CallerChannel>,
    pub inventory: InventoryServiceClient<CallerChannel>,
    pub orders: OrderServiceClient<CallerChannel>,
    pub payments: PaymentServiceClient<CallerChannel>,
    pub simulator: SimulatorServiceClient<CallerChannel>,
    /// The way to each service, by name.
    pub channels: Vec<(&'static str, CallerChannel)>,
}

impl Desk {
    /// Connects a caller to one replica of every service.
    pub fn of(addresses: &Addresses, turn: usize, caller: &Caller) -> Desk {
        let to = |service| addresses.connect(service, turn, caller);
        Desk {
            catalog: CatalogServiceClient::new(to("catalog")),
            inventory: InventoryServiceClient::new(to("inventory")),
            orders: OrderServiceClient::new(to("orders")),
            payments: PaymentServiceClient::new(to("payments")),
            simulator: SimulatorServiceClient::new(to("payments")),
            channels: SERVICES.into_iter().map(|service| (service, to(service))).collect(),
        }
    }

    /// Connects the staff.
    pub fn of_staff(addresses: &Addresses) -> Desk {
        Desk::of(addresses, 0, &Caller::Staff("ada".to_owned()))
    }

    /// Connects a customer.
    pub fn of_user(addresses: &Addresses, turn: usize, user: &str) -> Desk {
        Desk::of(addresses, turn, &Caller::user(user))
    }

    /// Puts a sku into the catalogue with its prices, and units of it on the shelf.
    pub async fn stock_up(&mut self, sku: &str, quantity: i64) {
        let product = Product { title: sku.to_owned(), ..Default::default() };
        let product = CreateProductRequest { request_id: sku.to_owned(), product: Some(product) };
        let product = self
            .catalog
            .create_product(product)
            .await
            .expect("a product")
            .into_inner()
            .product
            .unwrap();
        let published = PublishProductRequest {
            request_id: sku.to_owned(),
            product_id: product.product_id.clone(),
            ..Default::default()
        };
        self.catalog.publish_product(published).await.expect("a published product");
        let variant =
            Variant { product_id: product.product_id, sku: sku.to_owned(), ..Default::default() };
        let variant = CreateVariantRequest { request_id: sku.to_owned(), variant: Some(variant) };
        let variant = self
            .catalog
            .create_variant(variant)
            .await
            .expect("a variant")
            .into_inner()
            .variant
            .unwrap();
        for currency_code in CURRENCIES {
            let price = Price {
                variant_id: variant.variant_id.clone(),
                unit_price: Some(Money {
                    currency_code: currency_code.to_owned(),
                    minor_units: PRICE,
                }),
                is_default: true,
                ..Default::default()
            };
            let price = CreatePriceRequest {
                request_id: format!("{sku}/{currency_code}"),
                price: Some(price),
            };
            self.catalog.create_price(price).await.expect("a price");
        }
        self.receive(sku, "first", quantity).await.expect("some stock");
    }

    /// Puts more units of a sku on the shelf; `request_id` names this delivery.
    pub async fn receive(
        &mut self,
        sku: &str,
        request_id: &str,
        quantity: i64,
    ) -> Result<(), Status> {
        let quantity = quantity.try_into().expect("a quantity");
        let item = ReceivedItem { sku: sku.to_owned(), quantity, ..Default::default() };
        let request_id = format!("{sku}/{request_id}");
        let request = ReceiveStockRequest { request_id, items: vec![item], ..Default::default() };
        self.inventory.receive_stock(request).await.map(|_| ())
    }

    /// Returns what there is of a sku.
    pub async fn stock(&mut self, sku: &str) -> Stock {
        let request =
            BatchGetStockRequest { skus: vec![sku.to_owned()], location_id: String::new() };
        let answer =
            self.inventory.batch_get_stock(request).await.expect("the stock of a sku").into_inner();
        answer.stock.into_iter().next().expect("a sku that was received")
    }
}

/// Returns an order with this many units in each line, every line of the same sku.
pub fn purchase(
    request_id: &str,
    sku: &str,
    lines: &[i64],
    payment_method: &str,
) -> PlaceOrderRequest {
    let line = |quantity: &i64| PlaceOrderLine {
        item: Some(Item::Sku(sku.to_owned())),
        quantity: *quantity as i32,
    };
    PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: CURRENCIES[0].to_owned(),
        lines: lines.iter().map(line).collect(),
        payment_method: payment_method.to_owned(),
        ..Default::default()
    }
}
