//! What must hold about deliveries whatever is called: redelivery, places that outlive the process,
//! bounds.

use std::time::{Duration, Instant};

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;

use crate::support::{
    Consumer, Events, LIMIT, QUIET, START, by_key, event, number, seconds, start,
};

on_each_engine! {
    async fn a_refused_event_comes_again_after_waits_that_double(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        let subscription = pb::Subscription {
            subscription_id: "mail".into(),
            min_retry_delay: seconds(10),
            max_retry_delay: seconds(25),
            ..Default::default()
        };
        let request = crate::support::create(subscription);
        events.mail().create_subscription(request).await.unwrap();
        let mut consumer = events.subscribe("mail").await;
        events.publish_keys(&["a", "a"]).await;
        // With a quarter of jitter on top, and never more than the longest.
        for (attempt, least, most) in [(1, 10, 13), (2, 20, 25), (3, 25, 25)] {
            let delivery = consumer.next().await;
            assert_eq!((number(&delivery), delivery.delivery_attempt), (0, attempt));
            consumer.nack(&delivery, "not yet").await;
            // When it is due was decided when the refusal arrived.
            eventually(LIMIT, || async { events.get("mail").await.outstanding_count == 0 }).await;
            events.clock.advance(Duration::from_millis(least * 1000 - 1));
            consumer.is_quiet().await;
            events.clock.advance(Duration::from_millis((most - least) * 1000 + 1));
        }
        let last = consumer.next().await;
        assert_eq!((number(&last), last.delivery_attempt), (0, 4));
        consumer.ack(&last).await;
        assert_eq!(number(&consumer.next().await), 1);
        drop(consumer);
        events.end().await;
    }

    async fn what_a_stream_had_when_it_ended_comes_again_as_the_next_attempt(engine: Engine) {
        let mut events = Events::start(engine).await;
        events.publish_keys(&["a", "b"]).await;
        let mut consumer = events.subscribe("mail").await;
        let open = consumer.take(2).await;
        consumer.ack(&open[0]).await;
        eventually(LIMIT, || async { events.get("mail").await.outstanding_count == 1 }).await;
        drop(consumer);
        let mut consumer = events.subscribe("mail").await;
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt), (number(&open[1]), 2));

        // The server's own end is no attempt of the consumer's.
        events.service.restart().await;
        let mut consumer = events.subscribe("mail").await;
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt), (number(&open[1]), 2));
        drop(consumer);
        events.end().await;
    }

    async fn attempts_and_waits_outlive_a_restart(engine: Engine) {
        let mut events = Events::start_on(engine, Clock::manual(START), &[]).await;
        events.publish_keys(&["a", "a"]).await;
        let subscription = pb::Subscription {
            subscription_id: "mail".into(),
            min_retry_delay: seconds(60),
            ..Default::default()
        };
        let request = crate::support::create_from_earliest(subscription);
        events.mail().create_subscription(request).await.unwrap();
        let mut consumer = events.subscribe("mail").await;
        let delivery = consumer.next().await;
        consumer.nack(&delivery, "no").await;
        eventually(LIMIT, || async { events.service.row_counts().await["0.retry"] == 1 }).await;
        drop(consumer);
        events.service.restart().await;
        let mut consumer = events.subscribe("mail").await;
        consumer.is_quiet().await;
        events.clock.advance(Duration::from_secs(61));
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt), (0, 2));
        drop(consumer);
        events.end().await;
    }

    async fn a_key_that_waits_holds_up_no_other_key(engine: Engine) {
        let events = Events::start(engine).await;
        let subscription = pb::Subscription {
            subscription_id: "mail".into(),
            min_retry_delay: seconds(600),
            ..Default::default()
        };
        let request = crate::support::create_from_earliest(subscription);
        events.mail().create_subscription(request).await.unwrap();
        let mut batch = vec![event("poison", 0)];
        batch.extend((0..300).map(|number| event(&format!("key-{}", number % 7), number)));
        batch.extend((1..200).map(|number| event("poison", number)));
        batch.extend((300..600).map(|number| event(&format!("key-{}", number % 7), number)));
        events.publish(batch).await;
        let mut consumer = events.subscribe("mail").await;
        let mut handled = Vec::new();
        while handled.len() < 600 {
            let delivery = consumer.next().await;
            if crate::support::key(&delivery) == "poison" {
                assert_eq!(number(&delivery), 0);
                consumer.nack(&delivery, "no").await;
            } else {
                consumer.ack(&delivery).await;
                handled.push(delivery);
            }
        }
        assert!(by_key(&handled).values().all(|numbers| numbers.is_sorted()));
        eventually(LIMIT, || async { events.get("mail").await.lag == 200 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn a_window_that_is_full_of_one_key_goes_on_when_it_moves(engine: Engine) {
        let events = Events::start_on(engine, Clock::system(), &[("delivery.window_events", "100")]).await;
        for hundred in 0..4 {
            events.publish((0..100).map(|number| event("k", hundred * 100 + number)).collect()).await;
        }
        let mut consumer = events.subscribe("mail").await;
        let first = consumer.next().await;
        tokio::time::sleep(QUIET).await;
        consumer.ack(&first).await;
        let mut rest = Vec::new();
        for _ in 1..400 {
            let delivery = consumer.next().await;
            consumer.ack(&delivery).await;
            rest.push(number(&delivery));
        }
        assert_eq!(rest, (1..400).collect::<Vec<_>>());
        drop(consumer);
        events.end().await;
    }

    async fn a_backlog_of_a_hundred_thousand_is_delivered_in_order_per_key(engine: Engine) {
        let events = Events::start(engine).await;
        const COUNT: usize = 100_000;
        let publishers = (0..4).map(|publisher| {
            let mut client = events.orders();
            tokio::spawn(async move {
                for round in 0..25 {
                    let numbers = (0..1000).map(|step| round * 1000 + step);
                    let batch = numbers.map(|number| event(&format!("{publisher}-{}", number % 50), number)).collect();
                    crate::support::publish(&mut client, batch).await;
                }
            })
        });
        let began = Instant::now();
        for publisher in publishers.collect::<Vec<_>>() {
            publisher.await.unwrap();
        }
        let published = began.elapsed();
        assert_eq!(events.service.row_counts().await["0.log_event"], COUNT as i64);

        let began = Instant::now();
        let wide = pb::SubscribeStart { max_outstanding_events: 10_000, ..start("mail") };
        let mut consumer = Consumer::open(events.mail(), wide).await.unwrap();
        let came = consumer.handle(COUNT).await;
        println!("published in {published:?}, delivered in {:?}", began.elapsed());
        assert_eq!(by_key(&came).len(), 200);
        assert!(by_key(&came).values().all(|numbers| numbers.len() == 500 && numbers.is_sorted()));
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn old_events_are_purged_and_whoever_comes_later_starts_behind_them(engine: Engine) {
        let settings = [("retention.sweep_seconds", "1"), ("engine.retention_days", "2")];
        let events = Events::start_on(engine, Clock::manual(START), &settings).await;
        drop(events.subscribe("mail").await);
        events.publish((0..1200).map(|number| event("", number)).take(1000).collect()).await;
        events.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
        events.publish(vec![event("", 5000)]).await;
        eventually(LIMIT, || async { events.service.row_counts().await["0.log_event"] == 1 }).await;
        assert_eq!(events.get("mail").await.lag, 1);
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(number(&consumer.next().await), 5000);
        drop(consumer);
        events.end().await;
    }
}
