//! Publish.

use souk_client::events::v1 as pb;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_testkit::{Engine, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{
    Consumer, Events, START, event, from_earliest, publish, refused, start, violations_of,
};

on_each_engine! {
    async fn events_of_one_key_stand_in_one_partition_in_their_order(engine: Engine) {
        let events = Events::start(engine).await;
        let keys: Vec<String> = (0..100).map(|number| format!("order-{}", number % 10)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let positions = events.publish_keys(&keys).await;
        for (number, position) in positions.iter().enumerate().skip(10) {
            let before = &positions[number - 10];
            assert_eq!(position.partition, before.partition);
            assert!(position.offset > before.offset);
        }
        assert!(positions.iter().any(|position| position.partition != positions[0].partition));
        events.end().await;
    }

    async fn the_service_says_who_tells_it_and_fills_what_was_left_out(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        let sent = pb::Event { source: "/somebody/else".into(), ..event("k", 1) };
        let positions = events.publish(vec![sent.clone()]).await;
        let own = pb::Event { r#type: "souk.mail.v1.Sent".into(), ..event("k", 2) };
        publish(&mut events.mail(), vec![own]).await;

        let mut consumer = events.subscribe("mail.all").await;
        let first = consumer.next().await;
        let expected = pb::Event {
            source: "/services/orders".into(),
            time: Some(START.into()),
            extensions: first.event.as_ref().unwrap().extensions.clone(),
            ..sent
        };
        assert_eq!(first.event.as_ref(), Some(&expected));
        assert_eq!(expected.extensions.keys().collect::<Vec<_>>(), ["traceparent"]);
        assert_eq!((first.position, first.publish_time), (Some(positions[0]), Some(START.into())));
        consumer.ack(&first).await;
        assert_eq!(consumer.next().await.event.unwrap().source, "/services/mail");
        events.end().await;
    }

    async fn only_the_service_of_its_package_publishes_a_type(engine: Engine) {
        let events = Events::start(engine).await;
        let of = |kind: &str, key: &str| pb::Event { r#type: kind.into(), ..event(key, 0) };
        let sent = vec![
            of("souk.mail.v1.Sent", "a"),
            of("souk.orders.v1.OrderPlaced", "b"),
            // An earlier one of its key was not taken: it would overtake what is published in its
            // place.
            of("souk.mail.v1.Sent", "b"),
            of("v1.Happened", "c"),
            of("acme.mail.v2.Sent", "d"),
        ];
        let answer = events.mail().publish_events(pb::PublishEventsRequest { events: sent }).await.unwrap().into_inner();
        let results: Vec<Outcome> = answer.results.into_iter().map(|result| result.result.unwrap()).collect();
        let failure = |index: usize| match &results[index] {
            Outcome::Failure(failure) => (failure.reason(), failure.retryable, failure.message.as_str()),
            Outcome::Position(position) => panic!("{index} was taken at {position:?}"),
        };
        for own in [0, 4] {
            assert!(matches!(results[own], Outcome::Position(_)), "{results:?}");
        }
        let message = "only service:orders may publish events of the type souk.orders.v1.OrderPlaced, not service:mail";
        assert_eq!(failure(1), (pb::ErrorReason::TypeNotYours, false, message));
        assert_eq!((failure(2).0, failure(2).1), (pb::ErrorReason::LogUnavailable, true));
        let message = "no service may publish events of the type v1.Happened, not service:mail";
        assert_eq!(failure(3), (pb::ErrorReason::TypeNotYours, false, message));
        assert_eq!(events.service.row_counts().await["0.log_event"], 2);

        let forged = pb::PublishEventsRequest { events: vec![of("souk.orders.v1.OrderPlaced", "b")] };
        let answer = events.mail().publish_events(forged.clone()).await.unwrap().into_inner();
        assert!(matches!(answer.results[0].result, Some(Outcome::Failure(_))));
        refused(events.staff().publish_events(forged).await, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        assert_eq!(events.service.row_counts().await["0.log_event"], 2);
        events.end().await;
    }

    async fn a_time_outside_the_calendar_is_refused(engine: Engine) {
        let events = Events::start(engine).await;
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (253_402_300_800, 0), (0, -1), (0, 2_000_000_000)] {
            let time = Some(prost_types::Timestamp { seconds, nanos });
            let sent = vec![event("k", 0), pb::Event { time, ..event("k", 1) }];
            let answer = events.orders().publish_events(pb::PublishEventsRequest { events: sent }).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(violations_of(&status)[0].0, "events[1].time", "{seconds} {nanos}");
        }
        assert_eq!(events.service.row_counts().await["0.log_event"], 0);
        for seconds in [-62_135_596_800, 253_402_300_799] {
            let time = Some(prost_types::Timestamp { seconds, nanos: 999_999_999 });
            events.publish(vec![pb::Event { time, ..event("k", 0) }]).await;
        }
        events.end().await;
    }

    async fn a_trace_that_was_sent_is_kept(engine: Engine) {
        let events = Events::start(engine).await;
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut sent = event("", 1);
        sent.extensions.insert("traceparent".into(), trace.into());
        events.publish(vec![sent]).await;
        let came = events.subscribe("mail.all").await.next().await;
        assert_eq!(came.event.unwrap().extensions["traceparent"], trace);
        events.end().await;
    }

    async fn many_publishers_at_once_lose_and_double_nothing(engine: Engine) {
        let events = Events::start(engine).await;
        let publishers = (0..20).map(|publisher| {
            let mut client = events.orders();
            tokio::spawn(async move {
                for round in 0..10 {
                    let numbers = (0..10).map(|step| round * 10 + step);
                    let batch = numbers.map(|number| event(&format!("key-{publisher}"), number)).collect();
                    publish(&mut client, batch).await;
                }
            })
        });
        for publisher in publishers.collect::<Vec<_>>() {
            publisher.await.unwrap();
        }
        let came = events.subscribe("mail.all").await.handle(2000).await;
        let by_key = crate::support::by_key(&came);
        assert_eq!(by_key.len(), 20);
        for numbers in by_key.values() {
            assert_eq!(*numbers, (0..100).collect::<Vec<_>>());
        }
        events.end().await;
    }

    async fn an_event_of_a_megabyte_comes_through(engine: Engine) {
        let events = Events::start(engine).await;
        let data: Vec<u8> = (0..1 << 20).map(|number: u32| (number % 251) as u8).collect();
        let sent = pb::Event { data: data.into(), ..event("k", 0) };
        events.publish(vec![sent.clone(), event("k", 1)]).await;
        let start_position = Some(from_earliest());
        let start = pb::SubscribeStart { max_outstanding_bytes: 1, start_position, ..start("mail.all") };
        let mut consumer = Consumer::open(events.mail(), start).await.unwrap();
        let first = consumer.next().await;
        assert_eq!(first.event.as_ref().unwrap().data, sent.data);
        consumer.ack(&first).await;
        assert_eq!(crate::support::number(&consumer.next().await), 1);
        events.end().await;
    }
}
