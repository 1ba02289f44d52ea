//! SeekSubscription.

use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_client::events::v1::start_position::Start;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{
    Events, LIMIT, START, by_key, create_from_earliest, event, named, number, refused,
    violations_of,
};

fn seek(to: Start) -> pb::SeekSubscriptionRequest {
    pb::SeekSubscriptionRequest {
        subscription_id: "mail".into(),
        position: Some(pb::StartPosition { start: Some(to) }),
    }
}

fn earliest() -> Start {
    Start::Boundary(pb::LogBoundary::Earliest.into())
}

fn latest() -> Start {
    Start::Boundary(pb::LogBoundary::Latest.into())
}

on_each_engine! {
    async fn everything_is_replayed_from_the_earliest_and_left_out_to_the_latest(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..50).map(|number| event("k", number)).collect()).await;
        let mut consumer = events.subscribe("mail").await;
        consumer.handle(50).await;

        let sought = events.mail().seek_subscription(seek(earliest())).await.unwrap().into_inner();
        assert_eq!(sought.subscription.unwrap().lag, 50);
        refused::<()>(Err(consumer.end().await), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        let mut consumer = events.subscribe("mail").await;
        let again = consumer.handle(50).await;
        assert_eq!(by_key(&again)["k"], (0..50).collect::<Vec<_>>());
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);

        events.publish((50..60).map(|number| event("k", number)).collect()).await;
        events.mail().seek_subscription(seek(latest())).await.unwrap();
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
        events.mail().seek_subscription(seek(Start::PublishTime(at.into()))).await.unwrap();
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
        events.mail().seek_subscription(seek(earliest())).await.unwrap();
        drop(consumer);
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(consumer.next().await.delivery_attempt, 1);
        drop(consumer);
        events.end().await;
    }

    async fn a_position_after_the_end_is_refused_and_the_end_is_not(engine: Engine) {
        let events = Events::start(engine).await;
        let first = events.publish((0..40).map(|number| event("k", number)).collect()).await[0];
        drop(events.subscribe("mail").await);
        let position = |offset| Start::Position(pb::Position { partition: first.partition, offset });
        let problem = format!("must be at most 40, the end of partition {}", first.partition);
        for offset in [41, 1_000_000_000_000_000, i64::MAX] {
            let answer = events.mail().seek_subscription(seek(position(offset))).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(violations_of(&status), [("position.position.offset".to_owned(), problem.clone())]);
        }
        assert_eq!(events.get("mail").await.lag, 40);
        let start_position = Some(pb::StartPosition { start: Some(position(41)) });
        let request = pb::CreateSubscriptionRequest { subscription: Some(named("mail.a")), start_position };
        let status = refused(
            events.mail().create_subscription(request).await,
            Code::InvalidArgument,
            "ERROR_REASON_INVALID_FIELD",
        );
        assert_eq!(violations_of(&status)[0].0, "start_position.position.offset");

        // The end, as a position and as a time that nothing has reached.
        let far = prost_types::Timestamp { seconds: 253_402_300_799, nanos: 0 };
        for to in [position(40), Start::PublishTime(far), latest()] {
            events.mail().seek_subscription(seek(to)).await.unwrap();
            assert_eq!((events.get("mail").await.lag, events.findings().await.len()), (0, 0));
        }
        events.publish(vec![event("k", 40)]).await;
        assert_eq!(events.get("mail").await.lag, 1);
        assert_eq!(number(&events.subscribe("mail").await.next().await), 40);
        events.end().await;
    }

    async fn a_start_at_no_end_of_the_log_is_refused(engine: Engine) {
        let events = Events::start(engine).await;
        drop(events.subscribe("mail").await);
        for to in [Start::Boundary(0), Start::Boundary(9)] {
            let answer = events.mail().seek_subscription(seek(to)).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(violations_of(&status)[0].0, "position.boundary");
        }
        events.end().await;
    }

    async fn a_position_after_the_end_that_an_older_version_took_has_two_ways_back(engine: Engine) {
        let events = Events::start(engine).await;
        let at = events.publish(vec![event("k", 0)]).await[0].partition;
        let damage = format!("UPDATE place SET next_offset = 1000000000000000 WHERE partition = {at}");
        let finding = [format!("a place lies within the log: mail, partition {at}")];
        for is_deleted in [true, false] {
            let request = create_from_earliest(named("mail"));
            events.mail().create_subscription(request).await.unwrap();
            events.tamper(&damage).await;
            assert_eq!(events.findings().await, finding);
            match is_deleted {
                true => {
                    let request = pb::DeleteSubscriptionRequest { subscription_id: "mail".into() };
                    drop(events.staff().delete_subscription(request).await.unwrap());
                }
                false => drop(events.staff().seek_subscription(seek(earliest())).await.unwrap()),
            }
            assert_eq!(events.findings().await, Vec::<String>::new());
        }
        assert_eq!(number(&events.subscribe("mail").await.next().await), 0);
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
        assert_eq!(violations_of(&status)[0].0, "position.position.partition");
        let answer = events.orders().seek_subscription(seek(latest())).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        events.end().await;
    }
}
