//! A service that publishes and consumes events: it keeps a diary, and records consumed events in
//! it.

use std::sync::Arc;

use parking_lot::Mutex;
use sea_orm::sea_query::Table;
use serde::Deserialize;
use souk_chassis::{Definition, Host, Service, StartError};
use souk_client::orders::v1::{Order, OrderPlaced};
use souk_data::outbox::{self, NewEvent};
use souk_data::{DataConfig, Db, Ddl, Error, Isolation, Migration, Schema, Tx, args};
use souk_events::{Delivery, HandlerError, Subscription};
use souk_testkit::{Engine, TestService};
use souk_types::{Clock, EventId};

/// The type that it handles, and the one that an earlier version did.
pub const PLACED: &str = "souk.orders.v1.OrderPlaced";
pub const FORGOTTEN: &str = "souk.orders.v1.OrderForgotten";

const SCHEMA: Schema = Schema {
    name: "diary",
    migrations: &[Migration { version: 1, name: "diary", up: diary, earlier_checksums: &[] }],
};

fn diary(ddl: &mut Ddl) {
    ddl.create(Table::create().table("diary").col(ddl.number("seq")).col(ddl.text("line")));
}

#[derive(Deserialize)]
struct Config {
    data: DataConfig,
}

/// The service under test, and its database, which the test writes to as the service's own methods
/// would.
pub struct Publisher {
    pub service: TestService,
    pub db: Db,
}

impl Publisher {
    /// Starts it with the bus at this address.
    pub async fn start(engine: Engine, bus: &str) -> Publisher {
        let slot: Arc<Mutex<Option<Db>>> = Arc::default();
        let definition = definition(slot.clone());
        let service =
            TestService::builder(definition, engine).upstream("events", bus).start().await;
        let db = slot.lock().clone().expect("the service has opened its database");
        Publisher { service, db }
    }

    /// Appends an event, as the write of a change does.
    pub async fn tell(&self, key: &str, payload: &[u8]) -> EventId {
        let now = Clock::system().now();
        let event = NewEvent {
            id: EventId::new(now),
            kind: "souk.orders.v1.OrderPlaced".into(),
            key: key.into(),
            payload: payload.into(),
            time: now,
        };
        let id = event.id;
        self.db.write(Isolation::Serializable, event, append).await.unwrap();
        id
    }

    /// Returns what it wrote down, in order.
    pub async fn diary(&self) -> Vec<String> {
        let rows = self.db.read().query("SELECT line FROM diary ORDER BY seq", &[]).await.unwrap();
        rows.iter().map(|row| row.get("line").unwrap()).collect()
    }

    /// Returns how many events wait.
    pub async fn waiting(&self) -> usize {
        outbox::list(&self.db.read(), 10_000).await.unwrap().len()
    }
}

async fn append(tx: &Tx, event: &NewEvent) -> Result<(), Error> {
    outbox::append(tx, event.clone()).await
}

fn definition(slot: Arc<Mutex<Option<Db>>>) -> Definition {
    Definition::new("diary", "[data]\nurl = \"sqlite:diary.db\"\n", move |config: Config, host| {
        build(config, host, slot.clone())
    })
}

async fn build(
    config: Config,
    host: Host,
    slot: Arc<Mutex<Option<Db>>>,
) -> Result<Service, StartError> {
    let clock = Clock::system();
    let db = Db::open(&config.data, host.data_dir(), &SCHEMA, clock.clone()).await?;
    *slot.lock() = Some(db.clone());
    let consumer = Subscription::new(&host, db.clone(), clock, "diary")
        .on(PLACED, |tx, delivery: Delivery<OrderPlaced>| async move {
            let order: Order = delivery.message.order.unwrap_or_default();
            match order.customer_id.as_str() {
                "nobody" => return Err(HandlerError::Poison("an order of nobody".into())),
                "later" => return Err(HandlerError::Retry("not today".into())),
                _ => {}
            }
            tx.execute("INSERT INTO diary (line) VALUES ($1)", args![order.order_id]).await?;
            Ok(())
        })
        .ignore(FORGOTTEN);
    Ok(Service::new(&souk_client::CONTRACT)
        .worker("relay", souk_events::relay(&host, db.clone()))
        .worker("consumer", move |drain| consumer.clone().run(drain)))
}
