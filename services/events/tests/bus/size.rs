//! Large events and many of them.

use souk_client::events::v1 as pb;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_testkit::eventually;
use tonic::Code;

use crate::engine::Bus;
use crate::support::{LIMIT, event, key, number, refused, violations_of};

/// How many events wait.
const BACKLOG: usize = 100_000;

/// Keys of the backlog.
const KEYS: usize = 500;

on_each_bus! {
    async fn events_of_a_megabyte_come_as_they_were(bus: Bus) {
        let events = bus.start().await;
        let mut consumer = events.subscribe("mail").await;
        let payload = |seed: usize| -> bytes::Bytes { (0..1 << 20).map(|byte: usize| (byte * 31 + byte / 251 + seed) as u8).collect() };
        let large = (0..3).map(|seed| pb::Event { data: payload(seed), ..event("large", 0) });
        events.publish(large.collect()).await;
        for seed in 0..3 {
            let delivery = consumer.next().await;
            assert!(delivery.event.as_ref().unwrap().data == payload(seed), "its payload has changed");
            consumer.ack(&delivery).await;
        }
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn the_largest_event_is_delivered_and_a_larger_one_is_refused_by_its_field(bus: Bus) {
        let events = bus.start().await;
        let mut consumer = events.subscribe("mail").await;
        let largest = pb::Event { data: vec![7; 2 << 20].into(), ..event("large", 0) };
        let larger = pb::Event { data: vec![7; (2 << 20) + 1].into(), ..event("large", 0) };
        let answer = events.orders().publish_events(pb::PublishEventsRequest { events: vec![larger] }).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        let violations = violations_of(&status);
        assert!(violations[0].0 == "events[0].data" && violations[0].1.contains("2097152"), "{violations:?}");

        events.publish(vec![largest.clone()]).await;
        let delivery = consumer.next().await;
        assert!(delivery.event.as_ref().unwrap().data == largest.data, "its payload has changed");
        consumer.ack(&delivery).await;

        // With as much in its attributes as the contract allows, which only AMQP's frames do not
        // take.
        let extensions = (0..32).map(|number| (format!("x{number}"), "\u{1d11e}".repeat(1024))).collect();
        let rich = pb::Event { extensions, ..largest };
        let answer = events.orders().publish_events(pb::PublishEventsRequest { events: vec![rich] }).await.unwrap().into_inner();
        match (bus, answer.results[0].result.as_ref().unwrap()) {
            (Bus::RabbitMq, Outcome::Failure(failure)) => {
                assert_eq!((failure.reason(), failure.retryable), (pb::ErrorReason::EventTooLarge, false));
                assert!(failure.message.starts_with("the attributes of the event: "), "{failure:?}");
            }
            (Bus::Database | Bus::Kafka, Outcome::Position(_)) => {
                let delivery = consumer.next().await;
                let extensions = &delivery.event.as_ref().unwrap().extensions;
                // The bus has added its traceparent.
                let whole = extensions.iter().filter(|(name, value)| name.starts_with('x') && value.len() == 4096);
                assert_eq!(whole.count(), 32);
                consumer.ack(&delivery).await;
            }
            (bus, result) => panic!("{bus:?} answers {result:?}"),
        }
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn a_backlog_of_100_000_events_is_worked_off_in_order(bus: Bus) {
        let events = bus.start().await;
        for batch in 0..BACKLOG / 1000 {
            let numbers = batch * 1000..(batch + 1) * 1000;
            events.publish(numbers.map(|number| event(&format!("key-{}", number % KEYS), number)).collect()).await;
        }
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(events.get("mail").await.lag, BACKLOG as i64);
        let mut last = std::collections::HashMap::<String, usize>::new();
        for delivery in consumer.handle(BACKLOG).await {
            let expected = last.get(key(&delivery)).map_or(number(&delivery) % KEYS, |last| last + KEYS);
            assert_eq!(number(&delivery), expected, "of {}", key(&delivery));
            last.insert(key(&delivery).to_owned(), expected);
        }
        assert_eq!(last.len(), KEYS);
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    }
}
