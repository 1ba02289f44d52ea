//! Order, acknowledgements, attempts and dead letters.

use souk_client::events::v1 as pb;
use souk_testkit::eventually;

use crate::support::{Consumer, Events, LIMIT, by_key, event, number};

/// A subscription whose events die after this many attempts, in quick succession.
async fn hasty(events: &Events, max_attempts: i32) -> Consumer {
    let subscription = pb::Subscription {
        subscription_id: "mail".into(),
        max_attempts,
        min_retry_delay: Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 }),
        max_retry_delay: Some(prost_types::Duration { seconds: 0, nanos: 5_000_000 }),
        ..Default::default()
    };
    let request = crate::support::create_from_earliest(subscription);
    events.mail().create_subscription(request).await.unwrap();
    events.subscribe("mail").await
}

on_each_bus! {
    async fn events_of_a_key_come_in_the_order_in_which_they_were_published(bus: Bus) {
        let events = bus.start().await;
        let mut consumer = events.subscribe("mail").await;
        let mut positions = Vec::new();
        for batch in 0..10 {
            let numbers = batch * 50..(batch + 1) * 50;
            positions.extend(events.publish(numbers.map(|number| event(&format!("key-{}", number % 7), number)).collect()).await);
        }
        let came = by_key(&consumer.handle(500).await);
        for key in 0..7 {
            assert_eq!(came[&format!("key-{key}")], (key..500).step_by(7).collect::<Vec<_>>());
        }
        // The reported position of an event is its real one.
        let mut stood: Vec<(i32, i64)> = positions.iter().map(|position| (position.partition, position.offset)).collect();
        stood.sort_unstable();
        stood.dedup();
        assert_eq!(stood.len(), 500);
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn what_is_acknowledged_does_not_come_again_and_what_is_refused_does(bus: Bus) {
        let events = bus.start().await;
        let mut consumer = hasty(&events, 10).await;
        events.publish_keys(&["a", "b", "a"]).await;
        let first = consumer.take(2).await;
        let a = first.iter().find(|one| number(one) == 0).unwrap();
        let b = first.iter().find(|one| number(one) == 1).unwrap();
        consumer.ack(b).await;
        consumer.nack(a, "not now").await;
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt), (0, 2));
        consumer.ack(&again).await;
        let last = consumer.next().await;
        assert_eq!((number(&last), last.delivery_attempt), (2, 1));
        consumer.ack(&last).await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        let mut consumer = events.subscribe("mail").await;
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn a_poison_message_becomes_a_dead_letter_and_is_delivered_again_when_asked(bus: Bus) {
        let events = bus.start().await;
        let mut consumer = hasty(&events, 3).await;
        let positions = events.publish_keys(&["a", "a"]).await;
        for attempt in 1..=3 {
            let delivery = consumer.next().await;
            assert_eq!((number(&delivery), delivery.delivery_attempt), (0, attempt));
            consumer.nack(&delivery, "cannot be read").await;
        }
        // The next event with its key continues.
        let next = consumer.next().await;
        assert_eq!(number(&next), 1);
        consumer.ack(&next).await;
        let letters = eventually(LIMIT, || async {
            Some(events.dead_letters("mail").await).filter(|letters| !letters.is_empty())
        })
        .await;
        assert_eq!((letters.len(), letters[0].attempt_count, letters[0].reason.as_str()), (1, 3, "cannot be read"));
        assert_eq!(letters[0].event.as_ref().unwrap().position, Some(positions[0]));

        let request = pb::RequeueDeadLettersRequest { subscription_id: "mail".into(), dead_letter_ids: Vec::new() };
        let request = pb::RequeueDeadLettersRequest { dead_letter_ids: vec![letters[0].dead_letter_id.clone()], ..request };
        events.mail().requeue_dead_letters(request).await.unwrap();
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt, again.position), (0, 1, Some(positions[0])));
        consumer.ack(&again).await;
        eventually(LIMIT, || async { events.dead_letters("mail").await.is_empty() }).await;
        drop(consumer);
        events.end().await;
    }

    async fn a_slow_consumer_holds_up_nobody_else(bus: Bus) {
        let events = bus.start().await;
        let slow = crate::support::start("mail.slow");
        let slow = pb::SubscribeStart { max_outstanding_events: 2, ..slow };
        let mut slow = Consumer::open(events.mail(), slow).await.unwrap();
        let mut quick = events.subscribe("mail.quick").await;
        events.publish((0..200).map(|number| event("", number)).collect()).await;
        let held = slow.take(2).await;
        assert_eq!(quick.handle(200).await.len(), 200);
        slow.is_quiet().await;
        for delivery in &held {
            slow.ack(delivery).await;
        }
        assert_eq!(slow.handle(198).await.len(), 198);
        drop((slow, quick));
        events.end().await;
    }
}
