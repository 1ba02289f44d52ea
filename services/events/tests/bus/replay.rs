//! A subscription reads again what it had: by time, by position, from the beginning.

use souk_client::events::v1 as pb;
use souk_client::events::v1::start_position::Start;
use souk_testkit::eventually;
use souk_types::Clock;
use tonic::Code;

use crate::support::{Consumer, Events, LIMIT, event, number, refused, start};

async fn seek(events: &Events, to: Start) {
    let to = Some(pb::StartPosition { start: Some(to) });
    let request = pb::SeekSubscriptionRequest { subscription_id: "mail".into(), position: to };
    events.mail().seek_subscription(request).await.unwrap();
}

/// Handles this many events and returns their numbers, sorted.
async fn numbers(events: &Events, count: usize) -> Vec<usize> {
    let mut consumer = events.subscribe("mail").await;
    let mut numbers: Vec<usize> = consumer.handle(count).await.iter().map(number).collect();
    numbers.sort_unstable();
    eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
    numbers
}

on_each_bus! {
    async fn events_are_replayed_by_time_and_by_position_and_from_the_earliest(bus: Bus) {
        let events = bus.start().await;
        let clock = Clock::system();
        let before = clock.now();
        let positions = events.publish((0..60).map(|number| event(&format!("key-{}", number % 9), number)).collect()).await;
        // A broker knows times by the millisecond.
        let published = clock.now();
        eventually(LIMIT, || async { clock.now().as_millis() > published.as_millis() + 1 }).await;
        let between = clock.now();
        events.publish((60..100).map(|number| event(&format!("key-{}", number % 9), number)).collect()).await;
        assert_eq!(numbers(&events, 100).await, (0..100).collect::<Vec<_>>());

        seek(&events, Start::PublishTime(between.into())).await;
        assert_eq!(numbers(&events, 40).await, (60..100).collect::<Vec<_>>());

        seek(&events, Start::PublishTime(before.into())).await;
        assert_eq!(numbers(&events, 100).await, (0..100).collect::<Vec<_>>());

        let to = positions[30];
        let ids = |partition: i32| (0..100).filter(move |number| {
            positions.get(number % 9).is_some_and(|first| first.partition == partition)
        });
        // The rest of one partition, as its keys say.
        let expected: Vec<usize> = ids(to.partition).filter(|number| *number >= 30).collect();
        seek(&events, Start::Position(to)).await;
        assert_eq!(numbers(&events, expected.len()).await, expected);

        let beyond = Start::Position(pb::Position { partition: to.partition, offset: 1_000_000_000_000_000 });
        let to = Some(pb::StartPosition { start: Some(beyond) });
        let request = pb::SeekSubscriptionRequest { subscription_id: "mail".into(), position: to };
        let answer = events.mail().seek_subscription(request).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");

        let far = prost_types::Timestamp { seconds: 253_402_300_799, nanos: 0 };
        for time in [clock.now().into(), far] {
            seek(&events, Start::PublishTime(time)).await;
            assert_eq!(events.get("mail").await.lag, 0);
        }
        seek(&events, Start::Boundary(pb::LogBoundary::Earliest.into())).await;
        assert_eq!(numbers(&events, 100).await, (0..100).collect::<Vec<_>>());
        events.end().await;
    }

    async fn who_starts_at_the_latest_sees_only_what_comes(bus: Bus) {
        let events = bus.start().await;
        events.publish((0..30).map(|number| event("", number)).collect()).await;
        let latest = pb::StartPosition { start: Some(Start::Boundary(pb::LogBoundary::Latest.into())) };
        let latest = pb::SubscribeStart { start_position: Some(latest), ..start("mail.late") };
        let mut late = Consumer::open(events.mail(), latest).await.unwrap();
        events.publish((30..60).map(|number| event("", number)).collect()).await;
        let mut came: Vec<usize> = late.handle(30).await.iter().map(number).collect();
        came.sort_unstable();
        assert_eq!(came, (30..60).collect::<Vec<_>>());
        late.is_quiet().await;
        drop(late);
        events.end().await;
    }

    async fn a_service_that_starts_anew_goes_on_where_it_was(bus: Bus) {
        let mut events = bus.start().await;
        let mut consumer = events.subscribe("mail").await;
        events.publish((0..50).map(|number| event("k", number)).collect()).await;
        consumer.handle(20).await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 30 }).await;
        drop(consumer);
        // The reader of the stream has the database until it is gone.
        eventually(LIMIT, || async { events.service.row_counts().await["0.reader"] == 0 }).await;
        events.service.restart().await;
        events.publish((50..60).map(|number| event("k", number)).collect()).await;
        let mut consumer = events.subscribe("mail").await;
        let came: Vec<usize> = consumer.handle(40).await.iter().map(number).collect();
        assert_eq!(came, (20..60).collect::<Vec<_>>());
        drop(consumer);
        events.end().await;
    }
}
