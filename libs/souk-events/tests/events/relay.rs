//! What waits in the outbox reaches the bus, in order, and stays until the bus has it.

use std::time::Duration;

use souk_chassis::Context;
use souk_data::outbox;
use souk_testkit::{Bus, Engine, PublishAnswer, eventually, on_each_engine};

use crate::publisher::Publisher;

const LIMIT: Duration = Duration::from_secs(60);

on_each_engine! {
    async fn an_event_is_published_soon_after_its_commit_and_then_deleted(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        let id = publisher.tell("a", b"").await;
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        let events = bus.events();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].id.clone(), events[0].source.as_str()), (id.to_string(), "/services/diary"));
        assert_eq!(events[0].r#type, "souk.orders.v1.OrderPlaced");
        publisher.service.stop().await;
    }

    async fn an_event_carries_the_trace_of_the_write_that_told_it(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        let request = Context::background("diary");
        request.scope(publisher.tell("a", b"")).await;
        publisher.tell("b", b"").await;
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        let traced: Vec<Option<String>> =
            bus.events().iter().map(|event| event.extensions.get("traceparent").cloned()).collect();
        let expected = String::from_utf8(request.traceparent().to_vec()).unwrap();
        assert_eq!(traced, [Some(expected), None]);
        publisher.service.stop().await;
    }

    async fn events_wait_while_the_bus_is_away_and_leave_in_order(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        for _ in 0..3 {
            bus.answer_next(PublishAnswer::Unavailable);
        }
        let mut told = Vec::new();
        for number in 0..20 {
            told.push(publisher.tell(["a", "b"][number % 2], b"").await.to_string());
        }
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        // What was refused as a whole is sent again; the requests that were taken hold everything
        // once and in order.
        let taken: Vec<String> = bus.published().into_iter().skip(3).flatten().map(|(_, id)| id).collect();
        assert_eq!(taken, told);
        publisher.service.stop().await;
    }

    async fn what_the_bus_refuses_for_good_is_set_aside_and_holds_nobody_up(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        bus.answer_next(PublishAnswer::Never("bad"));
        publisher.tell("bad", b"").await;
        eventually(LIMIT, || async { outbox::refused(&publisher.db.read()).await.unwrap() == 1 }).await;
        let good = publisher.tell("good", b"").await;
        eventually(LIMIT, || async { bus.events().last().is_some_and(|event| event.id == good.to_string()) }).await;
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        assert_eq!(outbox::refused(&publisher.db.read()).await, Ok(1));
        publisher.service.stop().await;
    }

    async fn an_event_that_makes_its_whole_request_invalid_is_set_aside_alone(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        bus.refuse_as_invalid("bad");
        bus.answer_next(PublishAnswer::Unavailable);
        let mut good = Vec::new();
        for key in ["a", "bad", "b", "a"] {
            let id = publisher.tell(key, b"").await.to_string();
            good.extend((key != "bad").then_some(id));
        }
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        assert_eq!(outbox::refused(&publisher.db.read()).await, Ok(1));
        let ids: Vec<String> = bus.events().into_iter().map(|event| event.id).collect();
        assert!(good.iter().all(|id| ids.contains(id)), "{good:?} of {ids:?}");
        publisher.service.stop().await;
    }

    async fn what_the_bus_cannot_take_now_is_published_again_and_the_rest_is_not(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut publisher = Publisher::start(engine, &server.url()).await;
        bus.answer_next(PublishAnswer::Unavailable);
        bus.answer_next(PublishAnswer::NotNow("b"));
        let mut ids = Vec::new();
        for key in ["a", "b", "c"] {
            ids.push(publisher.tell(key, b"").await.to_string());
        }
        eventually(LIMIT, || async { publisher.waiting().await == 0 }).await;
        let order: Vec<String> = bus.published().last().unwrap().iter().map(|(_, id)| id.clone()).collect();
        assert!(order.ends_with(&ids[1..]) || order.ends_with(&ids[2..]), "{order:?} of {ids:?}");
        let firsts = |id: &String| bus.events().iter().position(|event| event.id == *id);
        assert!(ids.iter().map(firsts).is_sorted());
        publisher.service.stop().await;
    }
}
