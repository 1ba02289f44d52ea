//! CreateSubscription, GetSubscription, ListSubscriptions, DeleteSubscription.

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{
    Consumer, Events, LIMIT, START, event, number, refused, seconds, start, violations_of,
};

fn request(name: &str) -> pb::CreateSubscriptionRequest {
    pb::CreateSubscriptionRequest {
        subscription: name.into(),
        event_types: vec!["souk.payments.*".into(), "souk.orders.v1.OrderPlaced".into()],
        ack_deadline: seconds(12),
        max_attempts: 4,
        min_retry_delay: seconds(2),
        max_retry_delay: seconds(8),
        ..Default::default()
    }
}

on_each_engine! {
    async fn a_subscription_is_made_as_asked_for_and_repeating_it_changes_nothing(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        let made = events.mail().create_subscription(request("mail")).await.unwrap().into_inner();
        let made = made.subscription.unwrap();
        assert_eq!((made.name.as_str(), made.owner.as_str()), ("mail", "service:mail"));
        assert_eq!(made.event_types, ["souk.orders.v1.OrderPlaced", "souk.payments.*"]);
        assert_eq!((made.ack_deadline, made.max_attempts), (seconds(12), 4));
        assert_eq!((made.min_retry_delay, made.max_retry_delay), (seconds(2), seconds(8)));
        assert_eq!((made.create_time, made.positions.len()), (Some(START.into()), 8));

        let again = events.mail().create_subscription(request("mail")).await.unwrap().into_inner();
        assert_eq!(again.subscription.as_ref(), Some(&made));
        assert_eq!(events.get("mail").await, made);
        events.end().await;
    }

    async fn a_taken_name_is_refused(engine: Engine) {
        let events = Events::start(engine).await;
        events.mail().create_subscription(request("mail")).await.unwrap();
        let other = pb::CreateSubscriptionRequest { max_attempts: 5, ..request("mail") };
        let answer = events.mail().create_subscription(other).await;
        let status = refused(answer, Code::AlreadyExists, "ERROR_REASON_SUBSCRIPTION_EXISTS");
        assert_eq!(souk_testkit::metadata_of(&status)["subscription"], "mail");
        assert_eq!(events.get("mail").await.max_attempts, 4);
        events.end().await;
    }

    async fn a_name_that_is_for_somebody_else_is_refused(engine: Engine) {
        let events = Events::start(engine).await;
        for (mut client, name, allowed) in [
            (events.orders(), "mail", "orders or orders.NAME"),
            (events.orders(), "orders-rebuild", "orders or orders.NAME"),
            (events.staff(), "mail", "staff.NAME"),
            (events.staff(), "staff", "staff.NAME"),
        ] {
            let status = refused(
                client.create_subscription(request(name)).await,
                Code::InvalidArgument,
                "ERROR_REASON_SUBSCRIPTION_NAME",
            );
            let metadata = souk_testkit::metadata_of(&status);
            assert_eq!((metadata["subscription"].as_str(), metadata["allowed"].as_str()), (name, allowed));
            assert_eq!(violations_of(&status), [("subscription".to_owned(), format!("must be {allowed}"))]);
        }
        assert_eq!(events.service.row_counts().await["0.subscription"], 0);
        events.orders().create_subscription(request("orders.rebuild")).await.unwrap();
        events.staff().create_subscription(request("staff.ann")).await.unwrap();
        events.end().await;
    }

    async fn a_page_of_large_subscriptions_is_cut_by_bytes(engine: Engine) {
        let events = Events::start(engine).await;
        let name = |number: usize| format!("mail.{number:03}");
        for number in 0..200 {
            let types = (0..100).map(|kind| format!("souk.k{number}x{kind}.{}", "a".repeat(185))).collect();
            let request = pb::CreateSubscriptionRequest { event_types: types, ..request(&name(number)) };
            events.mail().create_subscription(request).await.unwrap();
        }
        let mut page_token = String::new();
        let mut names = Vec::new();
        let mut pages = 0;
        loop {
            let request = pb::ListSubscriptionsRequest { page_size: 1000, page_token };
            let page = events.mail().list_subscriptions(request).await.unwrap().into_inner();
            let bytes = prost::Message::encoded_len(&page);
            assert!(bytes <= 3 << 20, "{bytes} bytes");
            pages += 1;
            names.extend(page.subscriptions.into_iter().map(|found| found.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((names, pages), ((0..200).map(name).collect(), 2));
        events.end().await;
    }

    async fn what_was_left_out_is_the_usual(engine: Engine) {
        let events = Events::start(engine).await;
        let bare = pb::CreateSubscriptionRequest { subscription: "mail.bare".into(), ..Default::default() };
        let made = events.mail().create_subscription(bare).await.unwrap().into_inner().subscription.unwrap();
        assert_eq!((made.ack_deadline, made.max_attempts), (seconds(30), 10));
        assert_eq!(made.min_retry_delay, Some(prost_types::Duration { seconds: 0, nanos: 100_000_000 }));
        assert_eq!(made.max_retry_delay, seconds(60));
        assert!(made.event_types.is_empty());
        events.end().await;
    }

    async fn one_that_starts_at_the_latest_sees_only_what_comes(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a", "b"]).await;
        let bare = pb::CreateSubscriptionRequest { subscription: "mail".into(), ..Default::default() };
        events.mail().create_subscription(bare).await.unwrap();
        events.publish(vec![event("c", 7)]).await;
        assert_eq!(events.get("mail").await.lag, 1);
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(number(&consumer.next().await), 7);
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn streams_change_the_settings_they_name_and_no_others(engine: Engine) {
        let events = Events::start(engine).await;
        events.mail().create_subscription(request("mail")).await.unwrap();
        let wishes = pb::SubscribeStart { max_attempts: 7, event_types: vec!["souk.a.*".into()], ..start("mail") };
        let consumer = Consumer::open(events.mail(), wishes).await.unwrap();
        assert_eq!(consumer.started.event_types, ["souk.a.*"]);
        assert_eq!((consumer.started.max_attempts, consumer.started.ack_deadline), (7, seconds(12)));
        assert_eq!(events.get("mail").await.streams, 1);
        drop(consumer);
        eventually(LIMIT, || async { events.get("mail").await.streams == 0 }).await;
        events.end().await;
    }

    async fn each_service_sees_its_own_and_staff_sees_all(engine: Engine) {
        let events = Events::start(engine).await;
        for name in ["mail.1", "mail.2", "mail.3"] {
            events.mail().create_subscription(request(name)).await.unwrap();
        }
        events.orders().create_subscription(request("orders.1")).await.unwrap();
        let mut page_token = String::new();
        let mut names = Vec::new();
        loop {
            let request = pb::ListSubscriptionsRequest { page_size: 2, page_token };
            let page = events.mail().list_subscriptions(request).await.unwrap().into_inner();
            names.extend(page.subscriptions.into_iter().map(|found| found.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["mail.1", "mail.2", "mail.3"]);
        let all = events.staff().list_subscriptions(pb::ListSubscriptionsRequest::default()).await.unwrap();
        assert_eq!(all.into_inner().subscriptions.len(), 4);
        let bad = pb::ListSubscriptionsRequest { page_size: 2, page_token: "nonsense".into() };
        refused(
            events.mail().list_subscriptions(bad).await,
            Code::InvalidArgument,
            "ERROR_REASON_INVALID_PAGE_TOKEN",
        );
        events.end().await;
    }

    async fn a_deleted_subscription_takes_everything_along_and_ends_its_streams(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = events.subscribe("mail").await;
        events.publish_keys(&["a", "b"]).await;
        let delivery = consumer.next().await;
        consumer.refuse(&delivery, "no", true).await;
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 1 }).await;

        let request = pb::DeleteSubscriptionRequest { subscription: "mail".into() };
        // To another service it is not there, and stays.
        events.orders().delete_subscription(request.clone()).await.unwrap();
        events.get("mail").await;
        events.mail().delete_subscription(request.clone()).await.unwrap();
        let status = consumer.end().await;
        refused::<()>(Err(status), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        events.mail().delete_subscription(request).await.unwrap();
        drop(consumer);

        let answer = events.mail().get_subscription(pb::GetSubscriptionRequest { subscription: "mail".into() }).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        let rows = events.service.row_counts().await;
        assert_eq!((rows["0.place"], rows["0.dead_letter"], rows["0.retry"]), (0, 0, 0));
        // Of the same name, and new.
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(consumer.handle(2).await.len(), 2);
        drop(consumer);
        events.end().await;
    }
}
