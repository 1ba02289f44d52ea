//! A shop of which only orders is real: catalog, inventory and payments follow a script, and
//! remember what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::ops::v1 as ops;
use souk_client::ops::v1::saga_service_client::SagaServiceClient;
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
pub const RESERVE: &str = "/souk.inventory.v1.InventoryService/CreateReservation";
pub const COMMIT: &str = "/souk.inventory.v1.InventoryService/CommitReservation";
pub const RELEASE: &str = "/souk.inventory.v1.InventoryService/ReleaseReservation";
pub const CONSUME: &str = "/souk.inventory.v1.InventoryService/ConsumeReservation";
pub const RETURN: &str = "/souk.inventory.v1.InventoryService/ReturnStock";
pub const AUTHORIZE: &str = "/souk.payments.v1.PaymentService/AuthorizePayment";
pub const CONFIRM: &str = "/souk.payments.v1.PaymentService/ConfirmPayment";
pub const CAPTURE: &str = "/souk.payments.v1.PaymentService/CapturePayment";
pub const VOID: &str = "/souk.payments.v1.PaymentService/VoidPayment";
pub const REFUND: &str = "/souk.payments.v1.PaymentService/RefundPayment";
pub const GET_PAYMENT: &str = "/souk.payments.v1.PaymentService/GetPayment";
pub const GET_RESERVATION: &str = "/souk.inventory.v1.InventoryService/GetReservation";

/// The price of every unit in this shop, in pence.
pub const UNIT: i64 = 250;

/// What the scripted upstreams hold.
#[derive(Default)]
pub struct World {
    /// Reservation id → state.
    pub reservations: BTreeMap<String, &'static str>,
    /// Reservation id → sku → its units.
    pub units: BTreeMap<String, BTreeMap<String, Reserved>>,
    /// Request ids of units that left or were released.
    pub steps: BTreeSet<String>,
    /// Capture id → how much it captured.
    pub captures: BTreeMap<String, i64>,
    /// Payment id → the payment as it was asked for.
    pub asked: BTreeMap<String, payments::Payment>,
    /// Payment id → (authorised, captured, refunded).
    pub payments: BTreeMap<String, (i64, i64, i64)>,
    /// Payments that were voided; one that arrives later is refused.
    pub voided: BTreeSet<String>,
    pub refunds: BTreeMap<String, i64>,
    pub returned: i64,
}

/// Units of one sku in a reservation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    pub quantity: i32,
    pub consumed: i32,
    pub released: i32,
    pub returned: i32,
}

impl Reserved {
    fn held(self) -> i32 {
        self.quantity - self.consumed - self.released
    }
}

pub struct TestOrders {
    pub service: TestService,
    pub upstreams: Fake,
    pub world: Arc<Mutex<World>>,
}

impl TestOrders {
    /// Starts orders with upstreams that grant everything.
    pub async fn start(engine: Engine) -> TestOrders {
        TestOrders::start_with(engine, &[]).await
    }

    /// Starts orders with some settings of its own.
    pub async fn start_with(engine: Engine, settings: &[(&str, &str)]) -> TestOrders {
        TestOrders::start_beside(engine, settings, &[]).await
    }

    /// Starts orders with some settings of its own, and with these at their addresses in addition
    /// to the scripted ones.
    pub async fn start_beside(
        engine: Engine,
        settings: &[(&str, &str)],
        others: &[(&str, &str)],
    ) -> TestOrders {
        let upstreams = Fake::start().await;
        let world = Arc::new(Mutex::new(World::default()));
        script(&upstreams, &world);
        let mut builder =
            TestService::builder(orders::definition(), engine).set("saga.sweep_milliseconds", "50");
        for name in ["catalog", "inventory", "payments"] {
            builder = builder.upstream(name, &upstreams.url());
        }
        for (name, url) in others {
            builder = builder.upstream(name, url);
        }
        for (key, value) in settings {
            builder = builder.set(*key, *value);
        }
        TestOrders { service: builder.start().await, upstreams, world }
    }

    /// Starts a second replica on the same database, with the same upstreams.
    pub async fn replica(&self, settings: &[(&str, &str)]) -> TestService {
        let mut builder = TestService::builder(orders::definition(), Engine::Postgres)
            .set("data.url", self.service.databases()[0].url())
            .set("saga.sweep_milliseconds", "50");
        for name in ["catalog", "inventory", "payments"] {
            builder = builder.upstream(name, &self.upstreams.url());
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
        self.client_as(&Caller::user("alice"))
    }

    /// Connects STAFF to the sagas.
    pub fn repair(&self) -> SagaServiceClient<CallerChannel> {
        SagaServiceClient::new(self.service.channel_as(&Caller::Staff("ann".into())))
    }

    /// Returns the sagas that wait for STAFF.
    pub async fn quarantined(&self) -> Vec<ops::Saga> {
        let service = "orders".to_owned();
        let request = ops::ListQuarantinedSagasRequest { service, ..Default::default() };
        self.repair().list_quarantined_sagas(request).await.unwrap().into_inner().sagas
    }

    /// Has STAFF let a saga try its step again.
    pub async fn resume(&self, order_id: &str) -> ops::Saga {
        let request = ops::ResumeSagaRequest { service: "orders".into(), saga_id: order_id.into() };
        self.repair().resume_saga(request).await.unwrap().into_inner().saga.unwrap()
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
    pub async fn reaches(&self, order: &str, wanted: At) -> pb::Order {
        let client = self.staff();
        let order_id = order.to_owned();
        souk_testkit::eventually(Duration::from_secs(20), move || {
            let mut client = client.clone();
            let request = pb::GetOrderRequest { order_id: order_id.clone() };
            async move {
                let order = client.get_order(request).await.unwrap().into_inner().order.unwrap();
                (at(&order) == wanted).then_some(order)
            }
        })
        .await
    }

    /// Places an order and waits until it is paid.
    pub async fn paid(&self, request_id: &str) -> pb::Order {
        let order = self.place(request_id).await.unwrap();
        self.reaches(&order.order_id, At::Paid).await
    }

    /// Places an order and has it fulfilled.
    pub async fn fulfilled(&self, request_id: &str) -> pb::Order {
        let order = self.place(request_id).await.unwrap();
        self.fulfill(&order.order_id, request_id, &[]).await.unwrap().order.unwrap()
    }

    /// Lets units of lines leave; without any all that are open.
    pub async fn fulfill(
        &self,
        order_id: &str,
        request_id: &str,
        units: &[(i32, i32)],
    ) -> Result<pb::CreateFulfillmentResponse, Status> {
        let request = fulfillment(order_id, request_id, units);
        Ok(self.staff().create_fulfillment(request).await?.into_inner())
    }

    /// Cancels units of lines.
    pub async fn cancel_units(
        &self,
        order_id: &str,
        request_id: &str,
        units: &[(i32, i32)],
    ) -> Result<pb::Order, Status> {
        let request = pb::CancelOrderRequest {
            order_id: order_id.into(),
            request_id: request_id.into(),
            lines: lines_of(units),
            ..Default::default()
        };
        Ok(self.alice().cancel_order(request).await?.into_inner().order.unwrap())
    }

    /// Asserts that the service finds nothing wrong with its own database.
    pub async fn audit(&self) {
        let audit = self.service.invariants().await;
        assert_eq!(audit.findings, [], "the audit of orders");
    }
}

/// Where an order is on its way, by its three axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Pending,
    Placed,
    Paid,
    /// Some of its goods have left.
    Partly,
    Fulfilled,
    /// Everything was paid back, before or after its goods left.
    Refunded,
    Canceled,
    Rejected,
}

/// Reads where an order is; its axes must fit each other.
pub fn at(order: &pb::Order) -> At {
    use pb::FulfillmentStatus as Goods;
    use pb::OrderState as State;
    use pb::PaymentStatus as Money;
    let is_here = order.fulfillment_status() == Goods::Unfulfilled;
    match (order.state(), order.payment_status()) {
        (State::Pending, Money::Unpaid | Money::ActionRequired) if is_here => At::Pending,
        (State::Placed, Money::Authorized | Money::PartiallyPaid) if is_here => At::Placed,
        (State::Placed, _) if order.fulfillment_status() == Goods::PartiallyFulfilled => At::Partly,
        (State::Placed, Money::Paid | Money::PartiallyRefunded) if is_here => At::Paid,
        (State::Completed, Money::Paid | Money::PartiallyRefunded) if !is_here => At::Fulfilled,
        (State::Completed, Money::Refunded) if !is_here => At::Refunded,
        (State::Canceled, Money::Refunded)
            if is_here && order.closure_reason() == pb::OrderClosureReason::Refunded =>
        {
            At::Refunded
        }
        (State::Canceled, Money::Refunded | Money::Voided) if is_here => At::Canceled,
        (State::Rejected, Money::Unpaid) if is_here => At::Rejected,
        odd => panic!("an order is {odd:?}"),
    }
}

/// A request to let units leave.
pub fn fulfillment(
    order_id: &str,
    request_id: &str,
    units: &[(i32, i32)],
) -> pb::CreateFulfillmentRequest {
    let fulfillment = pb::Fulfillment { lines: lines_of(units), ..Default::default() };
    pb::CreateFulfillmentRequest {
        order_id: order_id.into(),
        request_id: request_id.into(),
        fulfillment: Some(fulfillment),
        effective_time: None,
    }
}

pub fn lines_of(units: &[(i32, i32)]) -> Vec<pb::FulfillmentLine> {
    let lines = units.iter().map(|(line_number, quantity)| pb::FulfillmentLine {
        line_number: *line_number,
        quantity: *quantity,
    });
    lines.collect()
}

/// The payment of an order whose prices are frozen.
pub fn payment_id(order: &pb::Order) -> &str {
    &order.payments[0].payment_id
}

/// An order for three mugs, by sku.
pub fn request(request_id: &str) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest {
        request_id: request_id.into(),
        currency_code: "GBP".into(),
        lines: vec![pb::PlaceOrderLine {
            item: Some(pb::place_order_line::Item::Sku("MUG".into())),
            quantity: 3,
        }],
        payment_method: "tok_approved".into(),
        ..Default::default()
    }
}

/// What a payment that waits for its customer looks like.
pub fn requires_action(request: payments::AuthorizePaymentRequest) -> payments::Payment {
    let now = souk_types::Clock::system().now();
    let action = payments::PaymentAction {
        redirect_uri: "https://bank.test/confirm".into(),
        expire_time: Some(now.plus(Duration::from_secs(900)).into()),
    };
    payments::Payment {
        payment_id: request.payment_id,
        order_id: request.order_id,
        customer_id: request.customer_id,
        amount: request.amount,
        state: payments::PaymentState::RequiresAction.into(),
        action: Some(action),
        ..Default::default()
    }
}

impl TestOrders {
    /// Has the first payment method of every order declined, so that another one may come.
    pub fn decline_softly(&self) {
        let world = self.world.clone();
        self.upstreams.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
            let asked = payments::Payment {
                order_id: request.order_id,
                customer_id: request.customer_id,
                amount: request.amount,
                ..Default::default()
            };
            world.lock().asked.insert(request.payment_id.clone(), asked);
            Err::<payments::AuthorizePaymentResponse, _>(soft_decline(&request.payment_id))
        });
    }

    /// Tries to pay again.
    pub async fn retry(&self, order: &str, method: &str) -> Result<pb::Order, Status> {
        let request = pb::RetryPaymentRequest {
            order_id: order.into(),
            payment_method: method.into(),
            ..Default::default()
        };
        Ok(self.alice().retry_payment(request).await?.into_inner().order.unwrap())
    }
}

/// A decline that another payment method may mend.
pub fn soft_decline(payment_id: &str) -> Status {
    let decline = "DECLINE_CODE_INSUFFICIENT_FUNDS";
    let facts = [("payment_id", payment_id), ("decline", decline), ("retryable", "true")];
    refusal("ERROR_REASON_PAYMENT_DECLINED", &facts)
}

/// A refusal as an upstream sends it.
pub fn refusal(reason: &str, metadata: &[(&str, &str)]) -> Status {
    let mut details = ErrorDetails::new();
    let metadata: std::collections::HashMap<_, _> =
        metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let domain = match reason {
        "ERROR_REASON_OUT_OF_STOCK"
        | "ERROR_REASON_RESERVATION_STATE"
        | "ERROR_REASON_EXCEEDS_RESERVED"
        | "ERROR_REASON_STOCK_NOT_ON_HAND" => "souk.inventory",
        "ERROR_REASON_PRICE_NOT_FOUND" | "ERROR_REASON_PRODUCT_NOT_FOR_SALE" => "souk.catalog",
        _ => "souk.payments",
    };
    details.set_error_info(reason, domain, metadata);
    Status::with_error_details(Code::FailedPrecondition, "refused on purpose", details)
}

fn money(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

impl World {
    /// Returns a reservation as inventory would send it.
    fn reservation(&self, id: &str) -> inventory::Reservation {
        use inventory::ReservationState::{Committed, Consumed, Expired, Held, Released};
        let state = match self.reservations.get(id).copied() {
            Some("held") => Held,
            Some("committed") => Committed,
            Some("consumed") => Consumed,
            Some("expired") => Expired,
            _ => Released,
        };
        let lines =
            self.units.get(id).into_iter().flatten().map(|(sku, units)| inventory::ReservedLine {
                sku: sku.clone(),
                location_id: "main".into(),
                quantity: units.quantity,
                consumed: units.consumed,
                released: units.released,
                returned: units.returned,
                ..Default::default()
            });
        inventory::Reservation {
            reservation_id: id.to_owned(),
            state: state.into(),
            lines: lines.collect(),
            ..Default::default()
        }
    }

    /// Ends units of a reservation: those of the lines, or all that it holds; once for each key.
    fn end_units(
        &mut self,
        id: &str,
        lines: &[inventory::ReservationLine],
        key: &str,
        end: fn(&mut Reserved, i32),
    ) -> Result<(), Status> {
        let is_repeated = !key.is_empty() && !self.steps.insert(key.to_owned());
        let Some(units) = self.units.get_mut(id).filter(|_| !is_repeated) else { return Ok(()) };
        if lines.is_empty() {
            for units in units.values_mut() {
                end(units, units.held());
            }
        }
        for line in lines {
            let units = units.get_mut(&line.sku).unwrap();
            if line.quantity > units.held() {
                return Err(refusal("ERROR_REASON_EXCEEDS_RESERVED", &[]));
            }
            end(units, line.quantity);
        }
        Ok(())
    }

    /// Writes where a reservation is when it may hold nothing any more.
    fn rest_ends(&mut self, id: &str, state: &'static str) {
        let units = self.units.get(id);
        let held: i32 = units.into_iter().flatten().map(|(_, units)| units.held()).sum();
        let consumed: i32 = units.into_iter().flatten().map(|(_, units)| units.consumed).sum();
        let state = match (held, consumed) {
            (0, 0) => "released",
            (0, _) => "consumed",
            _ => state,
        };
        self.reservations.insert(id.to_owned(), state);
    }

    /// Returns a payment as payments would send it.
    pub fn payment(&self, id: &str) -> payments::Payment {
        let (authorized, captured, refunded) = self.payments.get(id).copied().unwrap_or_default();
        let state = match () {
            () if self.voided.contains(id) && captured == 0 => payments::PaymentState::Canceled,
            () if captured > 0 && captured == authorized => payments::PaymentState::Succeeded,
            () => payments::PaymentState::RequiresCapture,
        };
        payments::Payment {
            payment_id: id.to_owned(),
            state: state.into(),
            authorized: money(authorized),
            captured: money(captured),
            refunded: money(refunded),
            ..self.asked.get(id).cloned().unwrap_or_default()
        }
    }
}

fn script(fake: &Fake, world: &Arc<Mutex<World>>) {
    fake.on(RESOLVE, |request: catalog::ResolvePricesRequest| {
        let prices = request.items.into_iter().map(|item| {
            use catalog::resolve_item::Item;
            let default = PriceId::derive(b"test", "MUG").to_string();
            let (sku, price_id) = match item.item.unwrap() {
                Item::Sku(sku) => (sku, default.clone()),
                Item::PriceId(price_id) => ("MUG".to_owned(), price_id),
            };
            let is_default = price_id == default;
            let is_on_sale = price_id == PriceId::derive(b"test", "sale").to_string();
            let audience = if is_default || is_on_sale {
                catalog::PriceAudience::Public
            } else {
                catalog::PriceAudience::Restricted
            };
            let title = "A mug".into();
            catalog::ResolvedPrice {
                sku,
                price_id,
                title,
                unit_price: money(UNIT),
                is_default,
                audience: audience.into(),
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
                Some(now) if now == to || from.contains(&now) => {
                    world.reservations.insert(id.clone(), to);
                }
                None if from.is_empty() || to == "released" => {
                    world.reservations.insert(id.clone(), to);
                }
                _ => return Err(refusal("ERROR_REASON_RESERVATION_STATE", &[])),
            }
            Ok(Some(world.reservation(&id)))
        }
    };
    let reserve = state(world, &[], "held");
    let reserved = world.clone();
    fake.on(RESERVE, move |request: inventory::CreateReservationRequest| {
        let mut units = BTreeMap::<_, Reserved>::new();
        for line in request.lines {
            units.entry(line.sku).or_default().quantity += line.quantity;
        }
        reserved.lock().units.insert(request.reservation_id.clone(), units);
        reserve(request.reservation_id)
            .map(|reservation| inventory::CreateReservationResponse { reservation })
    });
    let commit = state(world, &["held"], "committed");
    fake.on(COMMIT, move |request: inventory::CommitReservationRequest| {
        commit(request.reservation_id)
            .map(|reservation| inventory::CommitReservationResponse { reservation })
    });
    let released = world.clone();
    fake.on(RELEASE, move |request: inventory::ReleaseReservationRequest| {
        let mut world = released.lock();
        let id = request.reservation_id;
        let state = world.reservations.get(&id).copied().unwrap_or("held");
        let is_live = matches!(state, "held" | "committed");
        world.end_units(&id, &request.lines, &request.request_id, |units, number| {
            units.released += number;
        })?;
        if is_live {
            world.rest_ends(&id, state);
        }
        let reservation = Some(world.reservation(&id));
        Ok(inventory::ReleaseReservationResponse { reservation })
    });
    consume_truly(fake, world);
    let looked_up = world.clone();
    fake.on(GET_RESERVATION, move |request: inventory::GetReservationRequest| {
        let reservation = Some(looked_up.lock().reservation(&request.reservation_id));
        Ok(inventory::GetReservationResponse { reservation })
    });
    let returned = world.clone();
    let seen = Mutex::new(BTreeSet::new());
    fake.on(RETURN, move |request: inventory::ReturnStockRequest| {
        let mut world = returned.lock();
        if seen.lock().insert(request.request_id) {
            for line in &request.lines {
                world.returned += i64::from(line.quantity);
                let units = world.units.get_mut(&request.reservation_id).unwrap();
                units.get_mut(&line.sku).unwrap().returned += line.quantity;
            }
        }
        Ok(inventory::ReturnStockResponse {
            reservation: Some(world.reservation(&request.reservation_id)),
        })
    });

    let authorized = world.clone();
    fake.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
        let mut world = authorized.lock();
        if world.voided.contains(&request.payment_id) {
            return Err(refusal("ERROR_REASON_PAYMENT_STATE", &[]));
        }
        let amount = request.amount.as_ref().unwrap().minor_units;
        world.payments.entry(request.payment_id.clone()).or_insert((amount, 0, 0));
        let asked = payments::Payment {
            order_id: request.order_id,
            customer_id: request.customer_id,
            amount: request.amount,
            ..Default::default()
        };
        world.asked.insert(request.payment_id.clone(), asked);
        Ok(payments::AuthorizePaymentResponse { payment: Some(world.payment(&request.payment_id)) })
    });
    let confirmed = world.clone();
    fake.on(CONFIRM, move |request: payments::ConfirmPaymentRequest| {
        let mut world = confirmed.lock();
        if world.voided.contains(&request.payment_id) {
            return Err(refusal("ERROR_REASON_PAYMENT_STATE", &[]));
        }
        let amount = world.asked[&request.payment_id].amount.as_ref().unwrap().minor_units;
        world.payments.entry(request.payment_id.clone()).or_insert((amount, 0, 0));
        Ok(payments::ConfirmPaymentResponse { payment: Some(world.payment(&request.payment_id)) })
    });
    let captured = world.clone();
    fake.on(CAPTURE, move |request: payments::CapturePaymentRequest| {
        Ok(capture(&captured, &request))
    });
    let looked_up = world.clone();
    fake.on(GET_PAYMENT, move |request: payments::GetPaymentRequest| {
        Ok(payments::GetPaymentResponse {
            payment: Some(looked_up.lock().payment(&request.payment_id)),
        })
    });
    let voided = world.clone();
    fake.on(VOID, move |request: payments::VoidPaymentRequest| {
        let mut world = voided.lock();
        let payment = world.payments.entry(request.payment_id.clone()).or_default();
        payment.0 = payment.1;
        world.voided.insert(request.payment_id.clone());
        Ok(payments::VoidPaymentResponse { payment: Some(world.payment(&request.payment_id)) })
    });
    let refunded = world.clone();
    fake.on(REFUND, move |request: payments::RefundPaymentRequest| {
        let mut world = refunded.lock();
        let amount = request.amount.as_ref().unwrap().minor_units;
        if world.refunds.insert(request.refund_id.clone(), amount).is_none() {
            world.payments.get_mut(&request.payment_id).unwrap().2 += amount;
        }
        let refund = payments::PaymentRefund {
            refund_id: request.refund_id,
            payment_id: request.payment_id.clone(),
            amount: request.amount,
            state: payments::PaymentRefundState::Succeeded.into(),
            ..Default::default()
        };
        Ok(payments::RefundPaymentResponse {
            payment: Some(world.payment(&request.payment_id)),
            refund: Some(refund),
        })
    });
}

/// Lets units leave, as the script does until a test says otherwise.
pub fn consume_truly(fake: &Fake, world: &Arc<Mutex<World>>) {
    let consumed = world.clone();
    fake.on(CONSUME, move |request: inventory::ConsumeReservationRequest| {
        let mut world = consumed.lock();
        let id = request.reservation_id;
        let state = world.reservations.get(&id).copied().unwrap_or("none");
        let is_repeated = world.steps.contains(&request.request_id);
        if !matches!(state, "committed" | "consumed") && !is_repeated {
            return Err(refusal("ERROR_REASON_RESERVATION_STATE", &[]));
        }
        world.end_units(&id, &request.lines, &request.request_id, |units, number| {
            units.consumed += number;
        })?;
        world.rest_ends(&id, state);
        let reservation = Some(world.reservation(&id));
        Ok(inventory::ConsumeReservationResponse { reservation })
    });
}

/// Captures a payment, as the script does until a test says otherwise.
pub fn capture(
    world: &Mutex<World>,
    request: &payments::CapturePaymentRequest,
) -> payments::CapturePaymentResponse {
    let mut world = world.lock();
    let (authorized, captured, _) = world.payments[&request.payment_id];
    let rest = authorized - captured;
    let minor = request.amount.as_ref().map_or(rest, |amount| amount.minor_units);
    if world.captures.insert(request.capture_id.clone(), minor).is_none() {
        let payment = world.payments.get_mut(&request.payment_id).unwrap();
        payment.1 += minor;
        if request.final_capture {
            payment.0 = payment.1;
        }
    }
    payments::CapturePaymentResponse {
        payment: Some(world.payment(&request.payment_id)),
        ..Default::default()
    }
}
