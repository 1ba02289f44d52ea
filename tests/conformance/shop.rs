//! The whole shop in one process, over loopback, called with bytes of a test's own making.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{Stream, stream};
use souk_chassis::identity::{DEVELOPMENT_KEY, development_token_with};
use souk_chassis::{Caller, Options, Running, Shop};
use souk_client::catalog::v1::{
    CreatePriceRequest, CreateProductRequest, CreateVariantRequest, Price, Product,
    PublishProductRequest, Variant, catalog_service_client::CatalogServiceClient,
};
use souk_client::inventory::v1::{
    ReceiveStockRequest, ReceivedItem, inventory_service_client::InventoryServiceClient,
};
use souk_client::orders::v1::{
    CreateFulfillmentRequest, Fulfillment, FulfillmentLine, Order, PlaceOrderLine,
    PlaceOrderRequest, order_service_client::OrderServiceClient, place_order_line::Item,
};
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{CallerChannel, TestDb, connect_as, eventually};
use tempfile::TempDir;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};

use crate::access::Holder;

/// The settings that hold the address of a database.
const DATABASES: &[&str] = &[
    "catalog.data.url",
    "inventory.data.url",
    "ledger.data.url",
    "payments.data.url",
    "payments.simulator.data.url",
    "orders.data.url",
    "events.data.url",
];

/// What would write by itself in the middle of a test.
const SWEEPS: [(&str, &str); 6] = [
    ("inventory.expiry.sweep_milliseconds", "60000"),
    ("inventory.retention.sweep_seconds", "3600"),
    ("ledger.expiry.sweep_milliseconds", "60000"),
    ("payments.recovery.sweep_milliseconds", "60000"),
    ("orders.saga.sweep_milliseconds", "60000"),
    ("events.retention.sweep_seconds", "3600"),
];

/// How long a call may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(30);

/// Rows by database and table: `orders.data.url/orders`.
pub type Rows = BTreeMap<String, i64>;

/// Every service of the shop, running, with an order of a user's and one of a guest's in it.
pub struct TestShop {
    running: Running,
    databases: Vec<(&'static str, TestDb)>,
    channels: BTreeMap<String, CallerChannel>,
    /// What is on the shelf.
    pub seed: Seed,
    /// The order that alice placed.
    pub order: Order,
    /// The order that carol placed, a guest.
    pub order_of_guest: Order,
    _folder: TempDir,
}

impl TestShop {
    /// Starts the shop on databases of its own, and lets alice order a mug.
    pub async fn start(engine: Engine) -> TestShop {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = Options::new("souk")
            .environment(&[])
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("log.level", "error")
            .set("data_dir", folder.path().display().to_string());
        let mut databases = Vec::new();
        for &key in DATABASES {
            let database = TestDb::new(engine).await;
            options = options.set(key, database.url());
            databases.push((key, database));
        }
        for (key, slow) in SWEEPS {
            options = options.set(key, slow);
        }
        let shop = Shop::new(options)
            .with(catalog::definition())
            .with(inventory::definition())
            .with(ledger::definition())
            .with(payments::definition())
            .with(orders::definition())
            .with(events::definition());
        let running =
            shop.start().await.unwrap_or_else(|error| panic!("the shop did not start: {error}"));
        let url = format!("http://{}", running.addr());
        let seed = Seed::make(&url).await;
        let callers = crate::access::callers().into_iter();
        let channels =
            callers.map(|caller| (caller.to_string(), connect_as(&url, &caller))).collect();
        let mut shop = TestShop {
            running,
            databases,
            channels,
            seed,
            order: Order::default(),
            order_of_guest: Order::default(),
            _folder: folder,
        };
        let order = shop.order_as(&crate::access::alice(), 2).await;
        shop.order = shop.send_one(&order).await;
        let order = shop.order_as(&crate::access::carol(), 2).await;
        shop.order_of_guest = shop.send_one(&order).await;
        shop.settle().await;
        shop
    }

    /// Orders a mug as alice.
    pub async fn order_a_mug(&self) -> Order {
        self.order_as(&crate::access::alice(), 1).await
    }

    /// Lets one mug of an order leave.
    async fn send_one(&self, order: &Order) -> Order {
        let lines = vec![FulfillmentLine { line_number: 1, quantity: 1 }];
        let request = CreateFulfillmentRequest {
            request_id: order.order_id.clone(),
            order_id: order.order_id.clone(),
            fulfillment: Some(Fulfillment { lines, ..Default::default() }),
            effective_time: None,
        };
        let staff = Caller::Staff("ada".into());
        let channel = self.channels[&staff.to_string()].clone();
        let sent = OrderServiceClient::new(channel).create_fulfillment(request).await;
        sent.expect("a fulfillment").into_inner().order.expect("the order")
    }

    async fn order_as(&self, buyer: &Caller, quantity: i32) -> Order {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let channel = self.channels[&buyer.to_string()].clone();
        let line = PlaceOrderLine { item: Some(Item::Sku("SEED".into())), quantity };
        let order = PlaceOrderRequest {
            request_id: format!("seed-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            currency_code: "GBP".into(),
            lines: vec![line],
            payment_method: "tok_approved".into(),
            ..Default::default()
        };
        let placed = OrderServiceClient::new(channel).place_order(order).await;
        placed.expect("an order").into_inner().order.expect("the order")
    }

    /// Counts the rows of every table of every database.
    pub async fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (key, database) in &self.databases {
            let tables = database.row_counts().await;
            rows.extend(tables.into_iter().map(|(table, count)| (format!("{key}/{table}"), count)));
        }
        rows
    }

    /// Sends messages as they are to a method and returns the first response.
    ///
    /// # Errors
    /// What the method answers instead.
    pub async fn call(
        &self,
        path: &'static str,
        caller: &Caller,
        messages: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, Status> {
        let channel =
            self.channels.get(&caller.to_string()).expect("a caller of this test").clone();
        Self::first(channel, path, Request::new(stream::iter(messages))).await
    }

    /// Does what [`call`](Self::call) does, with a token that has certain scopes.
    ///
    /// # Errors
    /// What the method answers instead.
    pub async fn call_with(
        &self,
        path: &'static str,
        holder: &Holder,
        messages: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, Status> {
        let mut request = Request::new(stream::iter(messages));
        if holder.caller != Caller::Anonymous {
            let token = development_token_with(&holder.caller, &holder.scopes, DEVELOPMENT_KEY);
            let header = format!("Bearer {token}").parse().expect("a token is plain text");
            request.metadata_mut().insert("authorization", header);
        }
        let anonymous = self.channels[&Caller::Anonymous.to_string()].clone();
        Self::first(anonymous, path, request).await
    }

    async fn first(
        channel: CallerChannel,
        path: &'static str,
        request: Request<impl Stream<Item = Vec<u8>> + Send + 'static>,
    ) -> Result<Vec<u8>, Status> {
        let mut client = tonic::client::Grpc::new(channel);
        let answer = async {
            client.ready().await.expect("the shop serves");
            let answer = client.streaming(request, PathAndQuery::from_static(path), Bytes).await?;
            Ok(answer.into_inner().message().await?.unwrap_or_default())
        };
        tokio::time::timeout(LIMIT, answer)
            .await
            .unwrap_or_else(|_| panic!("{path} does not answer"))
    }

    /// Sends messages as they are to a method and returns why it ends; nothing when it ends well.
    pub async fn end(
        &self,
        path: &'static str,
        caller: &Caller,
        messages: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, Status> {
        let channel =
            self.channels.get(&caller.to_string()).expect("a caller of this test").clone();
        let mut client = tonic::client::Grpc::new(channel);
        let answers = async {
            client.ready().await.expect("the shop serves");
            let request = Request::new(stream::iter(messages));
            let answer = client.streaming(request, PathAndQuery::from_static(path), Bytes).await?;
            let mut answers = answer.into_inner();
            while answers.message().await?.is_some() {}
            Ok(Vec::new())
        };
        tokio::time::timeout(LIMIT, answers)
            .await
            .unwrap_or_else(|_| panic!("{path} does not end for {caller}"))
    }

    /// Ends the shop.
    pub async fn stop(self) {
        self.running.drain().await.expect("everything ends in time");
    }

    /// Waits until nothing is written any more.
    async fn settle(&self) {
        let last = std::sync::Mutex::new((Rows::new(), 0));
        eventually(Duration::from_secs(20), || async {
            let rows = self.rows().await;
            let mut last = last.lock().unwrap();
            let same = if last.0 == rows { last.1 + 1 } else { 0 };
            *last = (rows, same);
            same >= 10
        })
        .await;
    }
}

/// What is on the shelf.
#[derive(Clone, Default)]
pub struct Seed {
    /// The mug.
    pub product_id: String,
    /// The only one of its kind.
    pub variant_id: String,
    /// What it costs.
    pub price_id: String,
}

impl Seed {
    /// Puts a mug on the shelf.
    async fn make(url: &str) -> Seed {
        let staff = Caller::Staff("ada".into());
        let mut catalog = CatalogServiceClient::new(connect_as(url, &staff));
        let product = Product { title: "Mug".into(), ..Default::default() };
        let product = CreateProductRequest { request_id: "seed".into(), product: Some(product) };
        let product =
            catalog.create_product(product).await.expect("a product").into_inner().product.unwrap();
        let published = PublishProductRequest {
            request_id: "seed".into(),
            product_id: product.product_id.clone(),
            ..Default::default()
        };
        catalog.publish_product(published).await.expect("a published product");
        let variant = Variant {
            product_id: product.product_id.clone(),
            sku: "SEED".into(),
            ..Default::default()
        };
        let variant = CreateVariantRequest { request_id: "seed".into(), variant: Some(variant) };
        let variant =
            catalog.create_variant(variant).await.expect("a variant").into_inner().variant.unwrap();
        let price = Price {
            variant_id: variant.variant_id.clone(),
            unit_price: Some(Money { currency_code: "GBP".into(), minor_units: 250 }),
            is_default: true,
            ..Default::default()
        };
        let price = CreatePriceRequest { request_id: "seed".into(), price: Some(price) };
        let price = catalog.create_price(price).await.expect("a price").into_inner().price.unwrap();

        let mut inventory = InventoryServiceClient::new(connect_as(url, &staff));
        let item = ReceivedItem { sku: "SEED".into(), quantity: 1000, ..Default::default() };
        let received = ReceiveStockRequest {
            request_id: "seed".into(),
            items: vec![item],
            ..Default::default()
        };
        inventory.receive_stock(received).await.expect("some stock");
        Seed {
            product_id: product.product_id,
            variant_id: variant.variant_id,
            price_id: price.price_id,
        }
    }
}

/// The codec that sends what it is given and hands over what comes.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Bytes;
    type Decoder = Bytes;

    fn encoder(&mut self) -> Bytes {
        Bytes
    }

    fn decoder(&mut self) -> Bytes {
        Bytes
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use bytes::BufMut as _;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use bytes::Buf as _;
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}
