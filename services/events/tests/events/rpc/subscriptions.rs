//! CreateSubscription, UpdateSubscription, GetSubscription, ListSubscriptions, DeleteSubscription.

use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;
use tonic::{Code, Status};

use crate::support::{
    Client, Consumer, Events, LIMIT, START, create, event, named, number, refused, seconds, start,
    violations_of,
};

fn request(name: &str) -> pb::CreateSubscriptionRequest {
    create(settings(name))
}

fn settings(name: &str) -> pb::Subscription {
    pb::Subscription {
        subscription_id: name.into(),
        event_types: vec!["souk.payments.*".into(), "souk.orders.v1.OrderPlaced".into()],
        ack_deadline: seconds(12),
        max_attempts: 4,
        min_retry_delay: seconds(2),
        max_retry_delay: seconds(8),
        ..Default::default()
    }
}

async fn update(
    client: &mut Client,
    subscription: pb::Subscription,
    mask: &[&str],
) -> Result<pb::Subscription, Status> {
    let paths = mask.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateSubscriptionRequest {
        subscription: Some(subscription),
        update_mask: Some(prost_types::FieldMask { paths }),
    };
    Ok(client.update_subscription(request).await?.into_inner().subscription.unwrap())
}

on_each_engine! {
    async fn a_subscription_is_made_as_asked_for_and_repeating_it_changes_nothing(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        let made = events.mail().create_subscription(request("mail")).await.unwrap().into_inner();
        let made = made.subscription.unwrap();
        assert_eq!((made.subscription_id.as_str(), made.owner.as_str()), ("mail", "service:mail"));
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
        let other = create(pb::Subscription { max_attempts: 5, ..settings("mail") });
        let answer = events.mail().create_subscription(other).await;
        let status = refused(answer, Code::AlreadyExists, "ERROR_REASON_SUBSCRIPTION_EXISTS");
        assert_eq!(souk_testkit::metadata_of(&status)["subscription_id"], "mail");
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
                "ERROR_REASON_SUBSCRIPTION_NOT_YOURS",
            );
            let metadata = souk_testkit::metadata_of(&status);
            assert_eq!((metadata["subscription_id"].as_str(), metadata["allowed"].as_str()), (name, allowed));
            assert_eq!(violations_of(&status), [("subscription.subscription_id".to_owned(), format!("must be {allowed}"))]);
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
            let request = create(pb::Subscription { event_types: types, ..settings(&name(number)) });
            events.mail().create_subscription(request).await.unwrap();
        }
        let mut page_token = String::new();
        let mut names = Vec::new();
        let mut pages = 0;
        loop {
            let request = pb::ListSubscriptionsRequest { page_size: 1000, page_token, ..Default::default() };
            let page = events.mail().list_subscriptions(request).await.unwrap().into_inner();
            let bytes = prost::Message::encoded_len(&page);
            assert!(bytes <= 3 << 20, "{bytes} bytes");
            pages += 1;
            names.extend(page.subscriptions.into_iter().map(|found| found.subscription_id));
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
        let bare = create(named("mail.bare"));
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
        let bare = create(named("mail"));
        events.mail().create_subscription(bare).await.unwrap();
        events.publish(vec![event("c", 7)]).await;
        assert_eq!(events.get("mail").await.lag, 1);
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(number(&consumer.next().await), 7);
        consumer.is_quiet().await;
        drop(consumer);
        events.end().await;
    }

    async fn connecting_takes_the_settings_as_they_are_or_fails(engine: Engine) {
        let events = Events::start(engine).await;
        events.mail().create_subscription(request("mail")).await.unwrap();
        let before = events.get("mail").await;
        let as_it_is = pb::SubscribeStart { event_types: settings("mail").event_types, ..start("mail") };
        for (wrong, differs) in [
            (pb::SubscribeStart { max_attempts: 7, ..as_it_is.clone() }, "max_attempts"),
            (pb::SubscribeStart { event_types: vec!["souk.payments.*".into()], ..as_it_is.clone() }, "event_types"),
            (pb::SubscribeStart { max_attempts: 7, ..start("mail") }, "event_types,max_attempts"),
        ] {
            let answer = Consumer::open(events.mail(), wrong).await;
            let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_SUBSCRIPTION_DIFFERS");
            let metadata = souk_testkit::metadata_of(&status);
            assert_eq!((metadata["subscription_id"].as_str(), metadata["differs"].as_str()), ("mail", differs));
        }
        let quick = pb::SubscribeStart { max_attempts: 4, ack_deadline: seconds(5), ..as_it_is };
        let consumer = Consumer::open(events.mail(), quick).await.unwrap();
        assert_eq!((consumer.started.ack_deadline, consumer.started.etag.as_str()), (seconds(12), before.etag.as_str()));
        drop(consumer);
        assert_eq!(events.get("mail").await, before);
        events.end().await;
    }

    async fn settings_are_changed_by_their_owner_and_by_staff(engine: Engine) {
        let clock = Clock::manual(START);
        let events = Events::start_on(engine, clock.clone(), &[]).await;
        let made = events.mail().create_subscription(request("mail")).await.unwrap().into_inner();
        let made = made.subscription.unwrap();
        assert_eq!((made.update_time, made.etag.is_empty()), (made.create_time, false));
        clock.advance(Duration::from_secs(5));

        let new = pb::Subscription { max_attempts: 9, ack_deadline: seconds(1), ..settings("mail") };
        let changed = update(&mut events.mail(), new.clone(), &["max_attempts"]).await.unwrap();
        assert_eq!((changed.max_attempts, changed.ack_deadline), (9, seconds(12)));
        assert_eq!(changed.update_time, Some(START.plus(Duration::from_secs(5)).into()));
        assert_ne!(changed.etag, made.etag);
        let again = update(&mut events.mail(), new, &["max_attempts"]).await.unwrap();
        assert_eq!(again, changed);

        // What is named and left out gets its default.
        let all = update(&mut events.staff(), named("mail"), &["*"]).await.unwrap();
        assert_eq!((all.max_attempts, all.ack_deadline, all.event_types.len()), (10, seconds(30), 0));

        let answer = update(&mut events.orders(), settings("mail"), &["*"]).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        for mask in [&[][..], &["owner"], &["subscription.max_attempts"]] {
            let status = refused(
                update(&mut events.mail(), settings("mail"), mask).await,
                Code::InvalidArgument,
                "ERROR_REASON_INVALID_FIELD",
            );
            assert_eq!(violations_of(&status)[0].0, "update_mask", "{mask:?}");
        }
        events.end().await;
    }

    async fn an_update_with_an_old_etag_changes_nothing_unless_it_was_made_already(engine: Engine) {
        let events = Events::start(engine).await;
        let made = events.mail().create_subscription(request("mail")).await.unwrap().into_inner();
        let made = made.subscription.unwrap();
        let first = pb::Subscription { max_attempts: 9, etag: made.etag.clone(), ..settings("mail") };
        let changed = update(&mut events.mail(), first.clone(), &["max_attempts"]).await.unwrap();
        let second = pb::Subscription { max_attempts: 8, etag: made.etag, ..settings("mail") };
        let answer = update(&mut events.mail(), second, &["max_attempts"]).await;
        let status = refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        assert_eq!(souk_testkit::metadata_of(&status)["etag"], changed.etag);
        assert_eq!(update(&mut events.mail(), first, &["max_attempts"]).await.unwrap(), changed);
        events.end().await;
    }

    async fn other_types_end_the_streams_and_leave_out_no_later_event(engine: Engine) {
        let events = Events::start(engine).await;
        let of = |kind: &str, number| pb::Event { r#type: format!("souk.orders.v1.{kind}"), ..event("k", number) };
        let types = |kinds: &[&str]| kinds.iter().map(|kind| format!("souk.orders.v1.{kind}")).collect::<Vec<_>>();
        let one = pb::SubscribeStart { event_types: types(&["One"]), ..start("mail") };
        let mut consumer = Consumer::open(events.mail(), one.clone()).await.unwrap();
        events.publish(vec![of("One", 0), of("Two", 1)]).await;
        assert_eq!(number(&consumer.next().await), 0);

        let both = pb::Subscription { event_types: types(&["One", "Two"]), ..named("mail") };
        update(&mut events.mail(), both, &["event_types"]).await.unwrap();
        refused::<()>(Err(consumer.end().await), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        let answer = Consumer::open(events.mail(), one).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_SUBSCRIPTION_DIFFERS");
        events.publish(vec![of("Two", 2), of("One", 3)]).await;
        let both = pb::SubscribeStart { event_types: types(&["Two", "One"]), ..start("mail") };
        let mut consumer = Consumer::open(events.mail(), both).await.unwrap();
        let numbers: Vec<usize> = consumer.handle(3).await.iter().map(number).collect();
        // The first Two was skipped before anybody asked for it.
        assert_eq!(numbers, [0, 2, 3]);
        drop(consumer);
        events.end().await;
    }

    async fn staff_lists_the_subscriptions_of_one_owner(engine: Engine) {
        let events = Events::start(engine).await;
        events.mail().create_subscription(request("mail")).await.unwrap();
        events.orders().create_subscription(request("orders")).await.unwrap();
        let of = |owner: &str| pb::ListSubscriptionsRequest { owner: owner.into(), ..Default::default() };
        let listed = events.staff().list_subscriptions(of("service:orders")).await.unwrap().into_inner();
        let names: Vec<_> = listed.subscriptions.iter().map(|found| found.subscription_id.as_str()).collect();
        assert_eq!(names, ["orders"]);
        let listed = events.mail().list_subscriptions(of("service:orders")).await.unwrap().into_inner();
        let names: Vec<_> = listed.subscriptions.iter().map(|found| found.subscription_id.as_str()).collect();
        assert_eq!(names, ["mail"]);
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
            let request = pb::ListSubscriptionsRequest { page_size: 2, page_token, ..Default::default() };
            let page = events.mail().list_subscriptions(request).await.unwrap().into_inner();
            names.extend(page.subscriptions.into_iter().map(|found| found.subscription_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["mail.1", "mail.2", "mail.3"]);
        let all = events.staff().list_subscriptions(pb::ListSubscriptionsRequest::default()).await.unwrap();
        assert_eq!(all.into_inner().subscriptions.len(), 4);
        let bad = pb::ListSubscriptionsRequest { page_size: 2, page_token: "nonsense".into(), ..Default::default() };
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

        let request = pb::DeleteSubscriptionRequest { subscription_id: "mail".into() };
        // To another service it is not there, and stays.
        events.orders().delete_subscription(request.clone()).await.unwrap();
        events.get("mail").await;
        events.mail().delete_subscription(request.clone()).await.unwrap();
        let status = consumer.end().await;
        refused::<()>(Err(status), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        events.mail().delete_subscription(request).await.unwrap();
        drop(consumer);

        let answer = events.mail().get_subscription(pb::GetSubscriptionRequest { subscription_id: "mail".into() }).await;
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
