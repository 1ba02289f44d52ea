//! A shop of which only orders is real: catalog, inventory and payments follow a script, and remember what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{CallerChannel, Fake, TestService};
use souk_types::PriceId;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub const RESOLVE: &str = "/souk.catalog.v1.CatalogService/ResolvePrices";
pub const RESERVE: &str = "/souk.inventory.v1.InventoryService/Reserve";
pub const COMMIT: &str = "/souk.inventory.v1.InventoryService/CommitReservation";
pub const RELEASE: &str = "/souk.inventory.v1.InventoryService/ReleaseReservation";
pub const CONSUME: &str = "/souk.inventory.v1.InventoryService/ConsumeReservation";
pub const RETURN: &str = "/souk.inventory.v1.InventoryService/ReturnStock";
pub const AUTHORIZE: &str = "/souk.payments.v1.PaymentService/AuthorizePayment";
pub const CAPTURE: &str = "/souk.payments.v1.PaymentService/CapturePayment";
pub const VOID: &str = "/souk.payments.v1.PaymentService/VoidPayment";
pub const REFUND: &str = "/souk.payments.v1.PaymentService/RefundPayment";

/// The price of every unit in this shop, in pence.
pub const UNIT: i64 = 250;

/// What the scripted neighbours hold.
#[derive(Default)]
pub struct World {
    /// Reservation id → state.
    pub reservations: BTreeMap<String, &'static str>,
    /// Payment id → (authorised, captured, refunded).
    pub payments: BTreeMap<String, (i64, i64, i64)>,
    /// Payments that were voided; one that arrives later is refused.
    pub voided: BTreeSet<String>,
    pub refunds: BTreeMap<String, i64>,
    pub returned: i64,
}

pub struct TestOrders {
    pub service: TestService,
    pub neighbours: Fake,
    pub world: Arc<Mutex<World>>,
}

impl TestOrders {
    /// Starts orders with neighbours that grant everything.
    pub async fn start(engine: Engine) -> TestOrders {
        TestOrders::start_with(engine, &[]).await
    }

    /// Starts orders with some settings of its own.
    pub async fn start_with(engine: Engine, settings: &[(&str, &str)]) -> TestOrders {
        let neighbours = Fake::start().await;
        let world = Arc::new(Mutex::new(World::default()));
        script(&neighbours, &world);
        let mut builder = TestService::builder(orders::definition(), engine).set("saga.sweep_milliseconds", "50");
        for name in ["catalog", "inventory", "payments"] {
            builder = builder.neighbour(name, &neighbours.url());
        }
        for (key, value) in settings {
            builder = builder.set(*key, *value);
        }
        TestOrders { service: builder.start().await, neighbours, world }
    }

    /// Starts a second replica on the same database, with the same neighbours.
    pub async fn replica(&self, settings: &[(&str, &str)]) -> TestService {
        let mut builder = TestService::builder(orders::definition(), Engine::Postgres)
            .set("data.url", self.service.databases()[0].url())
            .set("saga.sweep_milliseconds", "50");
        for name in ["catalog", "inventory", "payments"] {
            builder = builder.neighbour(name, &self.neighbours.url());
        }
        for (key, value) in settings {
            builder = builder.set(*key, *value);
        }
        builder.start().await
    }

    pub fn client_as(&self, caller: &Caller) -> OrderServiceClient<CallerChannel> {
        OrderServiceClient::new(self.service.channel_as(caller))
    }

    pub fn alice(&self) -> OrderServiceClient<CallerChannel> {
        self.client_as(&Caller::User("alice".into()))
    }

    pub fn staff(&self) -> OrderServiceClient<CallerChannel> {
        self.client_as(&Caller::Staff("ann".into()))
    }

    /// Places an order of alice's for three mugs.
    pub async fn place(&self, request_id: &str) -> Result<pb::Order, Status> {
        let placed = self.alice().place_order(request(request_id)).await?;
        Ok(placed.into_inner().order.unwrap())
    }

    /// Waits until the order is in this state.
    pub async fn reaches(&self, order: &str, state: pb::OrderState) -> pb::Order {
        let client = self.staff();
        let order_id = order.to_owned();
        souk_testkit::eventually(Duration::from_secs(20), move || {
            let mut client = client.clone();
            let request = pb::GetOrderRequest { order_id: order_id.clone() };
            async move {
                let order = client.get_order(request).await.unwrap().into_inner().order.unwrap();
                (order.state() == state).then_some(order)
            }
        })
        .await
    }

    /// Places an order and waits until it is paid.
    pub async fn paid(&self, request_id: &str) -> pb::Order {
        let order = self.place(request_id).await.unwrap();
        self.reaches(&order.order_id, pb::OrderState::Paid).await
    }

    /// Places an order and has it fulfilled.
    pub async fn fulfilled(&self, request_id: &str) -> pb::Order {
        let order = self.place(request_id).await.unwrap();
        let request = pb::FulfillOrderRequest { order_id: order.order_id, effective_time: None };
        self.staff().fulfill_order(request).await.unwrap().into_inner().order.unwrap()
    }

    /// Asserts that the service finds nothing wrong with its own database.
    pub async fn audit(&self) {
        let audit = self.staff().audit_orders(pb::AuditOrdersRequest {}).await.unwrap().into_inner();
        assert_eq!(audit.findings, [], "the audit of orders");
    }
}

/// An order for three mugs, by sku.
pub fn request(request_id: &str) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest {
        request_id: request_id.into(),
        currency_code: "GBP".into(),
        lines: vec![pb::PlaceOrderLine { item: Some(pb::place_order_line::Item::Sku("MUG".into())), quantity: 3 }],
        payment_method: "tok_approved".into(),
        ..Default::default()
    }
}

/// A refusal as a neighbour sends it.
pub fn refusal(reason: &str, metadata: &[(&str, &str)]) -> Status {
    let mut details = ErrorDetails::new();
    let metadata: std::collections::HashMap<_, _> =
        metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    details.set_error_info(reason, "souk.test.v1", metadata);
    Status::with_error_details(Code::FailedPrecondition, "refused on purpose", details)
}

fn money(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

fn script(fake: &Fake, world: &Arc<Mutex<World>>) {
    fake.on(RESOLVE, |request: catalog::ResolvePricesRequest| {
        let prices = request.items.into_iter().map(|item| {
            use catalog::resolve_item::Item;
            let price = PriceId::derive(b"test", "MUG").to_string();
            let (sku, price_id) = match item.item.unwrap() {
                Item::Sku(sku) => (sku, price),
                Item::PriceId(price_id) => ("MUG".to_owned(), price_id),
            };
            catalog::ResolvedPrice {
                sku,
                price_id,
                title: "A mug".into(),
                unit_price: money(UNIT),
                ..Default::default()
            }
        });
        Ok(catalog::ResolvePricesResponse { prices: prices.collect() })
    });
    let state = |world: &Arc<Mutex<World>>, from: &'static [&'static str], to: &'static str| {
        let world = world.clone();
        move |id: String| {
            let mut world = world.lock();
            let now = world.reservations.get(&id).copied();
            match now {
                Some(now) if now == to || from.contains(&now) => drop(world.reservations.insert(id, to)),
                None if from.is_empty() || to == "released" => drop(world.reservations.insert(id, to)),
                _ => return Err(refusal("ERROR_REASON_RESERVATION_STATE", &[])),
            }
            Ok(())
        }
    };
    let reserve = state(world, &[], "held");
    fake.on(RESERVE, move |request: inventory::ReserveRequest| {
        reserve(request.reservation_id).map(|()| inventory::ReserveResponse::default())
    });
    let commit = state(world, &["held"], "committed");
    fake.on(COMMIT, move |request: inventory::CommitReservationRequest| {
        commit(request.reservation_id).map(|()| inventory::CommitReservationResponse::default())
    });
    let release = state(world, &["held", "committed"], "released");
    fake.on(RELEASE, move |request: inventory::ReleaseReservationRequest| {
        release(request.reservation_id).map(|()| inventory::ReleaseReservationResponse::default())
    });
    let consume = state(world, &["committed"], "consumed");
    fake.on(CONSUME, move |request: inventory::ConsumeReservationRequest| {
        consume(request.reservation_id).map(|()| inventory::ConsumeReservationResponse::default())
    });
    let returned = world.clone();
    fake.on(RETURN, move |request: inventory::ReturnStockRequest| {
        returned.lock().returned += request.lines.iter().map(|line| line.quantity).sum::<i64>();
        Ok(inventory::ReturnStockResponse::default())
    });

    let authorized = world.clone();
    fake.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
        let mut world = authorized.lock();
        let amount = request.amount.unwrap().minor_units;
        if world.voided.contains(&request.payment_id) {
            return Err(refusal("ERROR_REASON_PAYMENT_STATE", &[]));
        }
        world.payments.entry(request.payment_id.clone()).or_insert((amount, 0, 0));
        let state = payments::PaymentState::RequiresCapture.into();
        let payment = payments::Payment { payment_id: request.payment_id, state, ..Default::default() };
        Ok(payments::AuthorizePaymentResponse { payment: Some(payment) })
    });
    let captured = world.clone();
    fake.on(CAPTURE, move |request: payments::CapturePaymentRequest| {
        let mut world = captured.lock();
        let payment = world.payments.get_mut(&request.payment_id).unwrap();
        payment.1 = payment.0;
        Ok(payments::CapturePaymentResponse::default())
    });
    let voided = world.clone();
    fake.on(VOID, move |request: payments::VoidPaymentRequest| {
        let mut world = voided.lock();
        world.payments.entry(request.payment_id.clone()).or_default().0 = 0;
        world.voided.insert(request.payment_id);
        Ok(payments::VoidPaymentResponse::default())
    });
    let refunded = world.clone();
    fake.on(REFUND, move |request: payments::RefundPaymentRequest| {
        let mut world = refunded.lock();
        let amount = request.amount.unwrap().minor_units;
        if world.refunds.insert(request.refund_id, amount).is_none() {
            world.payments.get_mut(&request.payment_id).unwrap().2 += amount;
        }
        Ok(payments::RefundPaymentResponse::default())
    });
}
