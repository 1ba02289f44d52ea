//! Subscribe.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_client::events::v1::subscribe_request::Request as Message;
use souk_testkit::{Engine, eventually, on_each_engine};
use tonic::Code;

use crate::support::{
    Consumer, Events, LIMIT, by_key, event, number, refused, seconds, start, violations_of,
};

on_each_engine! {
    async fn what_was_published_is_delivered_once_and_then_never_again(engine: Engine) {
        let mut events = Events::start(engine).await;
        events.publish_keys(&["a", "b", "a", ""]).await;
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(consumer.started.owner, "service:mail");
        let came = consumer.handle(4).await;
        assert_eq!(by_key(&came)["a"], [0, 2]);
        assert!(came.iter().all(|delivery| delivery.delivery_attempt == 1));
        consumer.is_quiet().await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.service.restart().await;
        let mut consumer = events.subscribe("mail").await;
        consumer.is_quiet().await;
        events.publish(vec![event("a", 7)]).await;
        assert_eq!(number(&consumer.next().await), 7);
        drop(consumer);
        events.end().await;
    }

    async fn two_subscriptions_each_get_everything_and_two_streams_share_it(engine: Engine) {
        let events = Events::start(engine).await;
        let mut alone = events.subscribe("mail.alone").await;
        let mut one = events.subscribe("mail.shared").await;
        let mut other = events.subscribe("mail.shared").await;
        for number in 0..200 {
            events.publish(vec![event("", number)]).await;
        }
        assert_eq!(alone.handle(200).await.len(), 200);
        let mut shared = Vec::new();
        while shared.len() < 200 {
            tokio::select! {
                delivery = one.next() => { one.ack(&delivery).await; shared.push(number(&delivery)) }
                delivery = other.next() => { other.ack(&delivery).await; shared.push(number(&delivery)) }
            }
        }
        shared.sort_unstable();
        assert_eq!(shared, (0..200).collect::<Vec<_>>());
        one.is_quiet().await;
        other.is_quiet().await;
        events.end().await;
    }

    async fn later_events_of_a_key_wait_while_an_earlier_one_is_open(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a", "a", "b", "b", "", ""]).await;
        let mut consumer = events.subscribe("mail").await;
        let open = consumer.take(4).await;
        let mut numbers: Vec<usize> = open.iter().map(number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 2, 4, 5]);
        consumer.is_quiet().await;
        let first = open.iter().find(|delivery| number(delivery) == 0).unwrap();
        consumer.ack(first).await;
        assert_eq!(number(&consumer.next().await), 1);
        consumer.is_quiet().await;
        events.end().await;
    }

    async fn only_the_wanted_types_are_delivered(engine: Engine) {
        let events = Events::start(engine).await;
        let of = |kind: &str, number| pb::Event { r#type: kind.into(), ..event("k", number) };
        let kinds = ["souk.a.orders.v1.One", "souk.b.orders.v1.Two", "souk.a.orders.v1.Three", "souk.c.orders.v1.Four"];
        events.publish(kinds.iter().enumerate().map(|(number, kind)| of(kind, number)).collect()).await;
        let types = vec!["souk.a.orders.*".to_owned(), "souk.c.orders.v1.Four".to_owned()];
        let wanted = pb::SubscribeStart { event_types: types, ..start("mail.some") };
        let mut consumer = Consumer::open(events.mail(), wanted).await.unwrap();
        let numbers: Vec<usize> = consumer.handle(3).await.iter().map(number).collect();
        assert_eq!(numbers, [0, 2, 3]);
        eventually(LIMIT, || async { events.get("mail.some").await.lag == 0 }).await;

        events.publish(vec![of("souk.b.orders.v1.Two", 4), of("souk.a.orders.v2.One", 5)]).await;
        assert_eq!(number(&consumer.next().await), 5);
        drop(consumer);
        events.end().await;
    }

    async fn no_more_is_outstanding_than_the_stream_allows(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..10).map(|number| event("", number)).collect()).await;
        let narrow = pb::SubscribeStart { max_outstanding_events: 3, ..start("mail") };
        let mut consumer = Consumer::open(events.mail(), narrow).await.unwrap();
        let open = consumer.take(3).await;
        consumer.is_quiet().await;
        consumer.ack(&open[1]).await;
        consumer.next().await;
        consumer.is_quiet().await;
        assert_eq!(events.get("mail").await.outstanding_count, 3);
        drop(consumer);
        events.end().await;
    }

    async fn a_consumer_that_does_not_read_holds_up_nobody(engine: Engine) {
        let events = Events::start(engine).await;
        let stuck = events.subscribe("mail").await;
        let other = events.subscribe("mail.other").await;
        events.publish((0..500).map(|number| event("", number)).collect()).await;
        // The first stream of `mail` has a thousand messages of room and never answers; a second
        // gets what comes later.
        let mut quick = events.subscribe("mail").await;
        let mut third = events.subscribe("mail.third").await;
        assert_eq!(third.handle(500).await.len(), 500);
        eventually(LIMIT, || async { events.get("mail").await.outstanding_count == 500 }).await;
        events.publish((500..2000).map(|number| event("", number)).take(1000).collect()).await;
        assert_eq!(third.handle(1000).await.len(), 1000);
        assert!(!quick.handle(400).await.is_empty());
        drop((stuck, other));
        events.end().await;
    }

    async fn only_its_owner_reads_a_subscription_or_changes_it(engine: Engine) {
        let mut events = Events::start(engine).await;
        drop(events.subscribe("mail").await);
        let before = events.get("mail").await;
        let greedy = pb::SubscribeStart { event_types: vec!["souk.orders.*".into()], max_attempts: 1, ..start("mail") };
        for client in [events.orders(), events.staff()] {
            let answer = Consumer::open(client, greedy.clone()).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_SUBSCRIPTION_NOT_YOURS");
            assert_eq!(violations_of(&status)[0].0, "start.subscription_id");
        }
        let after = events.get("mail").await;
        assert_eq!((after.event_types, after.max_attempts), (before.event_types, before.max_attempts));

        // One that an older version let another caller create stays that caller's, until staff
        // deletes it.
        events.tamper("UPDATE subscription SET owner = 'service:orders' WHERE name = 'mail'").await;
        events.service.restart().await;
        drop(Consumer::open(events.orders(), start("mail")).await.unwrap());
        let answer = Consumer::open(events.mail(), start("mail")).await;
        refused(answer, Code::AlreadyExists, "ERROR_REASON_SUBSCRIPTION_EXISTS");
        let request = pb::DeleteSubscriptionRequest { subscription_id: "mail".into() };
        events.staff().delete_subscription(request).await.unwrap();
        drop(events.subscribe("mail").await);
        let request = pb::GetSubscriptionRequest { subscription_id: "mail".into() };
        let answer = events.orders().get_subscription(request).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        events.end().await;
    }

    async fn a_stream_that_breaks_the_protocol_ends(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = events.subscribe("mail").await;
        consumer.send(Message::Start(start("mail"))).await;
        let status = consumer.end().await;
        refused::<()>(Err(status), Code::InvalidArgument, "ERROR_REASON_STREAM_PROTOCOL");

        let update = Message::Update(pb::SubscribeUpdate::default());
        let first = pb::SubscribeRequest { request: Some(update) };
        let mut answers = events.mail().subscribe(futures_util::stream::iter([first])).await.unwrap().into_inner();
        refused(answers.message().await, Code::InvalidArgument, "ERROR_REASON_STREAM_PROTOCOL");

        let mut consumer = events.subscribe("mail").await;
        let bad = pb::SubscribeUpdate { ack_ids: vec![String::new()], ..Default::default() };
        consumer.update(bad).await;
        refused::<()>(Err(consumer.end().await), Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        events.end().await;
    }

    async fn a_made_up_ack_does_nothing(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a"]).await;
        let mut consumer = events.subscribe("mail").await;
        let delivery = consumer.next().await;
        for ack_id in ["nonsense", "0.0.0.0", "r1.2.3.4", &delivery.ack_id.replace(".1", ".2")] {
            consumer.update(pb::SubscribeUpdate { ack_ids: vec![ack_id.to_owned()], ..Default::default() }).await;
        }
        consumer.is_quiet().await;
        assert_eq!(events.get("mail").await.outstanding_count, 1);
        drop(consumer);
        events.end().await;
    }

    async fn a_stream_without_a_subscription_reads_along(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..300).map(|number| event("k", number)).collect()).await;
        let mut along = Consumer::open(events.staff(), start("")).await.unwrap();
        let came = along.take(300).await;
        assert_eq!(by_key(&came)["k"], (0..300).collect::<Vec<_>>());
        assert!(came.iter().all(|delivery| delivery.ack_id.is_empty()));
        let mut latest = Consumer::open(events.staff(), pb::SubscribeStart::default()).await.unwrap();
        events.publish(vec![event("k", 300)]).await;
        assert_eq!(number(&latest.next().await), 300);
        assert_eq!(number(&along.next().await), 300);
        assert_eq!(events.service.row_counts().await["0.subscription"], 0);
        drop((along, latest));
        events.end().await;
    }

    async fn a_deadline_is_the_streams_own_and_can_be_extended(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a", "b"]).await;
        let hasty = pb::SubscribeStart { ack_deadline: seconds(1), ..start("mail") };
        let mut consumer = Consumer::open(events.mail(), hasty).await.unwrap();
        let open = consumer.take(2).await;
        let extension = pb::DeadlineExtension { ack_id: open[0].ack_id.clone(), duration: seconds(60) };
        consumer.update(pb::SubscribeUpdate { extensions: vec![extension], ..Default::default() }).await;
        let again = consumer.next().await;
        assert_eq!((number(&again), again.delivery_attempt), (number(&open[1]), 2));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        consumer.ack(&open[0]).await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 1 }).await;
        drop(consumer);
        events.end().await;
    }

    async fn users_may_not_listen(engine: Engine) {
        let events = Events::start(engine).await;
        let user = events.client_of(Caller::user("alice"));
        refused(Consumer::open(user, start("mail")).await, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        events.end().await;
    }
}
