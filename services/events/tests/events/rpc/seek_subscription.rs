//! SeekSubscription.

use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_client::events::v1::start_position::Start;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{Events, LIMIT, START, by_key, event, number, refused};

fn seek(to: Start) -> pb::SeekSubscriptionRequest {
    pb::SeekSubscriptionRequest { subscription: "mail".into(), to: Some(pb::StartPosition { start: Some(to) }) }
}

on_each_engine! {
    async fn everything_is_replayed_from_the_earliest_and_left_out_to_the_latest(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..50).map(|number| event("k", number)).collect()).await;
        let mut consumer = events.subscribe("mail").await;
        consumer.handle(50).await;

        let sought = events.mail().seek_subscription(seek(Start::Earliest(true))).await.unwrap().into_inner();
        assert_eq!(sought.subscription.unwrap().lag, 50);
        refused::<()>(Err(consumer.end().await), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        let mut consumer = events.subscribe("mail").await;
        let again = consumer.handle(50).await;
        assert_eq!(by_key(&again)["k"], (0..50).collect::<Vec<_>>());
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);

        events.publish((50..60).map(|number| event("k", number)).collect()).await;
        events.mail().seek_subscription(seek(Start::Latest(true))).await.unwrap();
        let mut consumer = events.subscribe("mail").await;
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn a_time_finds_the_first_event_that_was_taken_then_or_later(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        for hour in 0..10 {
            events.publish((0..10).map(|step| event(&format!("key-{step}"), hour * 10 + step)).collect()).await;
            events.clock.advance(Duration::from_secs(3600));
        }
        let mut consumer = events.subscribe("mail").await;
        consumer.handle(100).await;
        let at = START.plus(Duration::from_secs(7 * 3600));
        events.mail().seek_subscription(seek(Start::Time(at.into()))).await.unwrap();
        drop(consumer);
        let mut consumer = events.subscribe("mail").await;
        let mut numbers: Vec<usize> = consumer.handle(30).await.iter().map(number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (70..100).collect::<Vec<_>>());
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn a_position_moves_one_partition_only(engine: Engine) {
        let events = Events::start(engine).await;
        let positions = events.publish((0..40).map(|number| event("", number)).collect()).await;
        let mut consumer = events.subscribe("mail").await;
        consumer.handle(40).await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        let to = positions[20];
        events.mail().seek_subscription(seek(Start::Position(to))).await.unwrap();
        drop(consumer);
        let expected = positions.iter().filter(|one| one.partition == to.partition && one.offset >= to.offset).count();
        let mut consumer = events.subscribe("mail").await;
        let came = consumer.handle(expected).await;
        assert!(came.iter().all(|delivery| delivery.position.unwrap().partition == to.partition));
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn attempts_start_anew(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a"]).await;
        let mut consumer = events.subscribe("mail").await;
        let delivery = consumer.next().await;
        consumer.nack(&delivery, "no").await;
        let again = consumer.next().await;
        assert_eq!(again.delivery_attempt, 2);
        events.mail().seek_subscription(seek(Start::Earliest(true))).await.unwrap();
        drop(consumer);
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(consumer.next().await.delivery_attempt, 1);
        drop(consumer);
        events.end().await;
    }

    async fn a_place_that_is_not_there_is_refused(engine: Engine) {
        let events = Events::start(engine).await;
        drop(events.subscribe("mail").await);
        let nowhere = seek(Start::Position(pb::Position { partition: 8, offset: 0 }));
        let status = refused(
            events.mail().seek_subscription(nowhere).await,
            Code::InvalidArgument,
            "ERROR_REASON_NO_SUCH_PARTITION",
        );
        assert_eq!(souk_testkit::metadata_of(&status)["partitions"], "8");
        let answer = events.orders().seek_subscription(seek(Start::Latest(true))).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        events.end().await;
    }
}
