//! Each event has its effect once, and is acknowledged after it.

use std::time::Duration;

use prost::Message;
use souk_client::events::v1 as pb;
use souk_client::orders::v1::{Order, OrderPlaced};
use souk_testkit::{Bus, Engine, eventually, on_each_engine};
use souk_types::{Clock, EventId};

use crate::publisher::{FORGOTTEN, PLACED, Publisher};

const LIMIT: Duration = Duration::from_secs(60);

fn placed(order: &str, customer: &str) -> pb::Event {
    let order = Order { order_id: order.into(), customer_id: customer.into(), ..Order::default() };
    pb::Event {
        id: EventId::new(Clock::system().now()).to_string(),
        source: "/services/orders".into(),
        r#type: "souk.orders.v1.OrderPlaced".into(),
        data: OrderPlaced { order: Some(order), ..Default::default() }.encode_to_vec().into(),
        ..pb::Event::default()
    }
}

async fn connected(bus: &Bus, times: usize) {
    eventually(LIMIT, || async { bus.starts().len() == times }).await;
}

on_each_engine! {
    async fn the_subscription_asks_for_what_it_has_handlers_for(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        let start = bus.starts().remove(0);
        assert_eq!((start.subscription_id.as_str(), start.event_types), ("diary", vec![FORGOTTEN.to_owned(), PLACED.to_owned()]));
        publisher.service.stop().await;
    }

    async fn an_event_that_comes_twice_has_one_effect_and_two_acknowledgements(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        let event = placed("one", "alice");
        bus.deliver("1", event.clone());
        eventually(LIMIT, || async { bus.acks() == ["1"] }).await;
        bus.deliver("2", event);
        bus.deliver("3", placed("two", "alice"));
        eventually(LIMIT, || async { bus.acks().len() == 3 }).await;
        assert_eq!(publisher.diary().await, ["one", "two"]);
        publisher.service.stop().await;
    }

    async fn what_fails_is_refused_with_its_reason_and_leaves_nothing_behind(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        bus.deliver("1", placed("one", "later"));
        bus.deliver("2", placed("two", "nobody"));
        bus.deliver("3", pb::Event { data: vec![255].into(), ..placed("three", "") });
        eventually(LIMIT, || async { bus.nacks().len() == 3 }).await;
        let mut nacks = bus.nacks();
        nacks.sort_by(|one, other| one.ack_id.cmp(&other.ack_id));
        assert_eq!((nacks[0].reason.as_str(), nacks[0].permanent), ("not today", false));
        assert_eq!((nacks[1].reason.as_str(), nacks[1].permanent), ("an order of nobody", true));
        assert!(nacks[2].permanent);
        assert_eq!(publisher.diary().await.len(), 0);

        // What was refused is no event that was handled: it may come again.
        bus.deliver("4", placed("one", "alice"));
        eventually(LIMIT, || async { bus.acks() == ["4"] }).await;
        publisher.service.stop().await;
    }

    async fn what_does_not_come_from_the_owner_of_its_type_is_dropped_and_counted(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        for (ack_id, source) in [("1", "/services/recommendations"), ("2", "/staff/ann"), ("3", "/elsewhere")] {
            bus.deliver(ack_id, pb::Event { source: source.into(), ..placed("forged", "alice") });
        }
        bus.deliver("4", placed("true", "alice"));
        eventually(LIMIT, || async { bus.acks().len() == 4 }).await;
        assert_eq!(publisher.diary().await, ["true"]);
        assert!(bus.nacks().is_empty());
        let metrics = publisher.service.metrics().await;
        let line = "souk_events_foreign_total{subscription=\"diary\",type=\"souk.orders.v1.OrderPlaced\"} ";
        assert!(metrics.lines().any(|found| found.starts_with(line)), "{metrics}");
        publisher.service.stop().await;
    }

    async fn an_event_outside_the_calendar_is_refused_for_good(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        let time = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
        bus.deliver("1", pb::Event { time, ..placed("never", "alice") });
        bus.deliver("2", placed("one", "alice"));
        eventually(LIMIT, || async { bus.acks() == ["2"] && bus.nacks().len() == 1 }).await;
        let nack = bus.nacks().remove(0);
        assert!(nack.permanent && nack.reason.starts_with("its time is invalid"), "{nack:?}");
        assert_eq!(publisher.diary().await, ["one"]);
        publisher.service.stop().await;
    }

    async fn a_stream_that_breaks_is_opened_anew(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 1).await;
        bus.break_stream();
        connected(&bus, 2).await;
        bus.deliver("1", placed("one", "alice"));
        eventually(LIMIT, || async { bus.acks() == ["1"] }).await;
        publisher.service.stop().await;
    }

    async fn types_that_the_subscription_lacks_are_added(engine: Engine) {
        let (bus, server) = Bus::start().await;
        bus.set_types(&[FORGOTTEN]);
        let mut publisher = Publisher::start(engine, &server.url()).await;
        connected(&bus, 2).await;
        assert_eq!(bus.types(), [FORGOTTEN, PLACED]);
        bus.deliver("1", pb::Event { r#type: FORGOTTEN.into(), ..placed("one", "alice") });
        bus.deliver("2", placed("two", "alice"));
        eventually(LIMIT, || async { bus.acks().len() == 2 }).await;
        // What is ignored is acknowledged, and does nothing.
        assert_eq!(publisher.diary().await, ["two"]);
        publisher.service.stop().await;
    }

    async fn types_that_another_version_may_need_are_not_taken_away(engine: Engine) {
        for types in [&[FORGOTTEN, PLACED, "souk.orders.v1.OrderSeen"][..], &[]] {
            let (bus, server) = Bus::start().await;
            bus.set_types(types);
            let mut publisher = Publisher::start(engine, &server.url()).await;
            // It asks again and again, in case somebody has decided.
            eventually(LIMIT, || async { bus.starts().len() >= 3 }).await;
            assert_eq!(bus.types(), types);
            bus.set_types(&[FORGOTTEN, PLACED]);
            let before = bus.starts().len();
            eventually(LIMIT, || async { bus.starts().len() > before }).await;
            bus.deliver("1", placed("one", "alice"));
            eventually(LIMIT, || async { bus.acks() == ["1"] }).await;
            publisher.service.stop().await;
        }
    }
}
