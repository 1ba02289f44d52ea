//! One inventory service under test, and short ways to call it and to look at it.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{CallerChannel, Engine, TestService};
use souk_types::{Clock, ReservationId, Timestamp};
use tonic::{Response, Status};

pub type Client = InventoryServiceClient<CallerChannel>;

/// The time at which every test starts.
pub const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// How long a hold lasts unless a test says otherwise.
pub const TTL_SECONDS: i64 = 60;

/// Time enough for anything that must happen at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running service whose clock does not move until the test moves it.
pub struct Inventory {
    pub service: TestService,
    pub clock: Clock,
    orders: Client,
    staff: Client,
}

impl Inventory {
    pub async fn start(engine: Engine) -> Self {
        let clock = Clock::manual(START);
        let service = TestService::builder(inventory::definition(), engine)
            .clock(&clock)
            .set("expiry.sweep_milliseconds", "10")
            .set("retention.sweep_seconds", "1")
            .set("data.purge_seconds", "1")
            .start()
            .await;
        let client = |caller| InventoryServiceClient::new(service.channel_as(&caller));
        let orders = client(Caller::Service("orders".into()));
        let staff = client(Caller::Staff("ann".into()));
        Inventory { service, clock, orders, staff }
    }

    /// Starts with this much stock at `main`.
    pub async fn with_stock(engine: Engine, stock: &[(&str, i32)]) -> Self {
        let inventory = Inventory::start(engine).await;
        for &(sku, quantity) in stock {
            inventory.receive(sku, quantity).await;
        }
        inventory
    }

    /// Checks that every invariant of the database holds, and stops.
    pub async fn end(mut self) {
        assert_eq!(self.findings().await, Vec::<String>::new());
        self.service.stop().await;
    }

    /// Calls as the orders service.
    pub fn orders(&self) -> Client {
        self.orders.clone()
    }

    /// Calls as a member of staff.
    pub fn staff(&self) -> Client {
        self.staff.clone()
    }

    /// Calls as any caller.
    pub fn client_of(&self, caller: Caller) -> Client {
        InventoryServiceClient::new(self.service.channel_as(&caller))
    }

    pub fn new_id(&self) -> ReservationId {
        ReservationId::new(self.clock.now())
    }

    pub async fn receive(&self, sku: &str, quantity: i32) {
        self.receive_at(sku, "", quantity).await;
    }

    pub async fn receive_at(&self, sku: &str, location: &str, quantity: i32) {
        let items =
            vec![pb::ReceivedItem { sku: sku.into(), location_id: location.into(), quantity }];
        let request_id = self.new_id().to_string();
        self.staff()
            .receive_stock(pb::ReceiveStockRequest { request_id, items, effective_time: None })
            .await
            .unwrap();
    }

    pub async fn reserve(
        &self,
        id: ReservationId,
        lines: &[(&str, i32)],
    ) -> Result<pb::Reservation, Status> {
        reservation(self.orders().create_reservation(reserve_request(id, lines)).await, |answer| {
            answer.reservation
        })
    }

    pub async fn commit(&self, id: ReservationId) -> Result<pb::Reservation, Status> {
        let request = pb::CommitReservationRequest { reservation_id: id.to_string() };
        reservation(self.orders().commit_reservation(request).await, |answer| answer.reservation)
    }

    pub async fn release(&self, id: ReservationId) -> Result<pb::Reservation, Status> {
        let request =
            pb::ReleaseReservationRequest { reservation_id: id.to_string(), ..Default::default() };
        reservation(self.orders().release_reservation(request).await, |answer| answer.reservation)
    }

    pub async fn consume(&self, id: ReservationId) -> Result<pb::Reservation, Status> {
        let request =
            pb::ConsumeReservationRequest { reservation_id: id.to_string(), ..Default::default() };
        reservation(self.orders().consume_reservation(request).await, |answer| answer.reservation)
    }

    /// Consumes a part.
    pub async fn consume_some(
        &self,
        id: ReservationId,
        request_id: &str,
        lines: &[(&str, i32)],
    ) -> Result<pb::Reservation, Status> {
        let request = pb::ConsumeReservationRequest {
            reservation_id: id.to_string(),
            request_id: request_id.into(),
            lines: reservation_lines(lines),
            ..Default::default()
        };
        reservation(self.orders().consume_reservation(request).await, |answer| answer.reservation)
    }

    /// Releases a part.
    pub async fn release_some(
        &self,
        id: ReservationId,
        request_id: &str,
        lines: &[(&str, i32)],
    ) -> Result<pb::Reservation, Status> {
        let request = pb::ReleaseReservationRequest {
            reservation_id: id.to_string(),
            request_id: request_id.into(),
            lines: reservation_lines(lines),
            ..Default::default()
        };
        reservation(self.orders().release_reservation(request).await, |answer| answer.reservation)
    }

    /// Creates an active location.
    pub async fn open_location(&self, id: &str, priority: i32) {
        let location = Some(pb::Location {
            location_id: id.into(),
            title: id.into(),
            priority,
            ..Default::default()
        });
        self.staff().create_location(pb::CreateLocationRequest { location }).await.unwrap();
    }

    /// Says whether units at a location can be reserved.
    pub async fn set_active(&self, id: &str, active: bool) {
        let location = pb::Location { location_id: id.into(), active, ..Default::default() };
        let request = pb::UpdateLocationRequest {
            request_id: self.new_id().to_string(),
            location: Some(location),
            update_mask: mask(&["active"]),
        };
        self.staff().update_location(request).await.unwrap();
    }

    /// Changes the policy of a sku: all of it.
    pub async fn set_policy(&self, policy: pb::StockPolicy) -> Result<pb::StockPolicy, Status> {
        let request = pb::UpdateStockPolicyRequest {
            request_id: self.new_id().to_string(),
            stock_policy: Some(policy),
            update_mask: mask(&["*"]),
        };
        let answer = self.staff().update_stock_policy(request).await?;
        Ok(answer.into_inner().stock_policy.unwrap())
    }

    pub async fn give_back(
        &self,
        id: ReservationId,
        request_id: &str,
        lines: &[(&str, i32)],
    ) -> Result<pb::Reservation, Status> {
        let request = pb::ReturnStockRequest {
            reservation_id: id.to_string(),
            request_id: request_id.into(),
            lines: reservation_lines(lines),
            effective_time: None,
        };
        reservation(self.orders().return_stock(request).await, |answer| answer.reservation)
    }

    /// Reserves and commits.
    pub async fn committed(&self, lines: &[(&str, i32)]) -> ReservationId {
        let id = self.new_id();
        self.reserve(id, lines).await.unwrap();
        self.commit(id).await.unwrap();
        id
    }

    /// Reserves, commits and consumes.
    pub async fn consumed(&self, lines: &[(&str, i32)]) -> ReservationId {
        let id = self.committed(lines).await;
        self.consume(id).await.unwrap();
        id
    }

    pub async fn get(&self, id: ReservationId) -> Result<pb::Reservation, Status> {
        let request = pb::GetReservationRequest { reservation_id: id.to_string() };
        reservation(self.orders().get_reservation(request).await, |answer| answer.reservation)
    }

    pub async fn state(&self, id: ReservationId) -> ReservationState {
        self.get(id).await.unwrap().state()
    }

    /// Returns on_hand and reserved of a sku at `main`.
    pub async fn stock(&self, sku: &str) -> (i32, i32) {
        self.stock_at(sku, "").await
    }

    /// Returns on_hand and reserved of a sku at a location.
    pub async fn stock_at(&self, sku: &str, location: &str) -> (i32, i32) {
        let request =
            pb::BatchGetStockRequest { skus: vec![sku.into()], location_id: location.into() };
        let stock = self.orders().batch_get_stock(request).await.unwrap().into_inner().stock;
        stock.first().map_or((0, 0), |stock| (stock.on_hand, stock.reserved))
    }

    /// Returns the movements of a sku in order.
    pub async fn movements(&self, sku: &str) -> Vec<pb::Movement> {
        let request = pb::ListMovementsRequest {
            page_size: 1000,
            sku: sku.into(),
            order_by: "create_time".into(),
            ..Default::default()
        };
        self.staff().list_movements(request).await.unwrap().into_inner().movements
    }

    /// Returns what the audit finds, as `invariant: subject`.
    pub async fn findings(&self) -> Vec<String> {
        let audit = self.service.invariants().await;
        audit
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.invariant, finding.subject))
            .collect()
    }

    /// Returns how many rows a table has.
    pub async fn rows(&self, table: &str) -> i64 {
        self.service.row_counts().await[&format!("0.{table}")]
    }

    /// Returns kind, key and payload of every event that waits in the outbox, in order.
    pub async fn events(&self) -> Vec<(String, String, Vec<u8>)> {
        let sql = "SELECT kind, subject, payload FROM souk_outbox ORDER BY seq";
        let database = &self.service.databases()[0];
        match database.file() {
            Some(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            }
            None => {
                use sea_orm::{ConnectionTrait, DbBackend, Statement};
                let connection = sea_orm::Database::connect(database.url()).await.unwrap();
                let rows = connection
                    .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
                    .await
                    .unwrap();
                connection.close().await.unwrap();
                let text =
                    |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).unwrap();
                let event = |row| {
                    (text(row, "kind"), text(row, "subject"), row.try_get("", "payload").unwrap())
                };
                rows.iter().map(event).collect()
            }
        }
    }

    /// Changes the database behind the service's back.
    pub async fn tamper(&self, sql: &str) -> Result<(), String> {
        let database = &self.service.databases()[0];
        match database.file() {
            Some(file) => {
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.execute_batch(sql).map_err(|error| error.to_string())
            }
            None => {
                use sea_orm::ConnectionTrait;
                let connection = sea_orm::Database::connect(database.url()).await.unwrap();
                let done = connection.execute_unprepared(sql).await;
                connection.close().await.unwrap();
                done.map(|_| ()).map_err(|error| error.to_string())
            }
        }
    }
}

pub fn reserve_request(id: ReservationId, lines: &[(&str, i32)]) -> pb::CreateReservationRequest {
    pb::CreateReservationRequest {
        reservation_id: id.to_string(),
        lines: reservation_lines(lines),
        ttl: Some(prost_types::Duration { seconds: TTL_SECONDS, nanos: 0 }),
        effective_time: None,
        order_id: String::new(),
    }
}

/// Returns lines; a sku may be followed by `@` and a location.
pub fn reservation_lines(lines: &[(&str, i32)]) -> Vec<pb::ReservationLine> {
    let lines = lines.iter().map(|&(name, quantity)| {
        let (sku, location) = name.split_once('@').unwrap_or((name, ""));
        pb::ReservationLine { sku: sku.into(), location_id: location.into(), quantity }
    });
    lines.collect()
}

/// Returns the lines of a reservation: `sku@location` and the units.
pub fn told(reservation: &pb::Reservation) -> Vec<(String, i32)> {
    let line =
        |line: &pb::ReservedLine| (format!("{}@{}", line.sku, line.location_id), line.quantity);
    reservation.lines.iter().map(line).collect()
}

pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
}

fn reservation<T>(
    answer: Result<Response<T>, Status>,
    inside: fn(T) -> Option<pb::Reservation>,
) -> Result<pb::Reservation, Status> {
    answer.map(|answer| inside(answer.into_inner()).expect("an answer holds the reservation"))
}

/// Asserts code and reason of a refusal, and returns it.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: tonic::Code,
    reason: &str,
) -> Status {
    let status = answer.expect_err("it is refused");
    assert_eq!(
        (status.code(), souk_testkit::reason_of(&status).as_str()),
        (code, reason),
        "{}",
        status.message()
    );
    status
}
