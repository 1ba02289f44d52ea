//! Consumed events: an order becomes one entry of its customer, however often it is delivered.

use std::time::Duration;

use prost::Message as _;
use souk_client::events::v1::Event;
use souk_client::orders::v1::{Order, OrderPlaced};
use souk_contract::customer_of;
use souk_testkit::{Bus, Engine, eventually, on_each_engine};

use crate::support::{{Name}};

const LIMIT: Duration = Duration::from_secs(10);

fn alice() -> String {
    customer_of("user:alice").to_string()
}

fn placed(order_id: &str, customer_id: &str) -> Event {
    let order =
        Order { order_id: order_id.into(), customer_id: customer_id.into(), ..Order::default() };
    Event {
        id: format!("event of {order_id}"),
        source: "/services/orders".into(),
        r#type: "souk.orders.v1.OrderPlaced".into(),
        data: OrderPlaced { order: Some(order), ..Default::default() }.encode_to_vec().into(),
        ..Event::default()
    }
}

on_each_engine! {
    async fn an_order_is_recorded_once_and_published_however_often_it_is_delivered(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let service = {{Name}}::start_beside(&server.url(), engine, 10).await;
        eventually(LIMIT, || async { bus.starts().len() == 1 }).await;
        assert_eq!(bus.starts()[0].subscription_id, "{{name}}");
        for ack_id in ["1", "2"] {
            bus.deliver(ack_id, placed("order_1", &alice()));
            eventually(LIMIT, || async { bus.acks().iter().any(|acked| acked == ack_id) }).await;
        }
        assert_eq!(service.recent("alice", 0).await, ["placed order_1"]);
        eventually(LIMIT, || async { bus.events().len() == 1 }).await;
        assert_eq!(bus.events()[0].ordering_key, alice());
        service.end().await;
    }

    async fn an_order_of_a_customer_at_the_limit_is_passed_over(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let service = {{Name}}::start_beside(&server.url(), engine, 1).await;
        service.record("alice", "r1", "hello").await.unwrap();
        eventually(LIMIT, || async { bus.starts().len() == 1 }).await;
        bus.deliver("1", placed("order_1", &alice()));
        eventually(LIMIT, || async { bus.acks() == ["1"] }).await;
        assert_eq!(service.recent("alice", 0).await, ["hello"]);
        service.end().await;
    }

    async fn a_sale_without_a_customer_is_passed_over(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let service = {{Name}}::start_beside(&server.url(), engine, 10).await;
        eventually(LIMIT, || async { bus.starts().len() == 1 }).await;
        bus.deliver("1", placed("order_1", ""));
        eventually(LIMIT, || async { bus.acks() == ["1"] }).await;
        assert_eq!(service.events_in_outbox().await, 0);
        service.end().await;
    }

    async fn an_event_without_an_order_is_rejected_for_good(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let service = {{Name}}::start_beside(&server.url(), engine, 10).await;
        eventually(LIMIT, || async { bus.starts().len() == 1 }).await;
        bus.deliver("1", placed("", &alice()));
        eventually(LIMIT, || async { bus.nacks().len() == 1 }).await;
        assert!(bus.nacks()[0].permanent, "{:?}", bus.nacks());
        service.end().await;
    }
}
