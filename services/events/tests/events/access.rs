//! Who may do what: the effect of the rules in the contract.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::{Code, Status};

use crate::support::{Consumer, Events, create, event, from_earliest, named, refused, start};

on_each_engine! {
    async fn neither_users_nor_strangers_reach_the_bus(engine: Engine) {
        let events = Events::start(engine).await;
        let publish = pb::PublishEventsRequest { events: vec![event("k", 1)] };
        let get = pb::GetSubscriptionRequest { subscription_id: "mail".into() };
        let seek = pb::SeekSubscriptionRequest { subscription_id: "mail".into(), position: Some(from_earliest()) };
        let refusals = [
            (Caller::Anonymous, Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED"),
            (Caller::user("alice"), Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED"),
        ];
        for (caller, code, reason) in refusals {
            let mut client = events.client_of(caller);
            refused(client.publish_events(publish.clone()).await, code, reason);
            refused(client.get_subscription(get.clone()).await, code, reason);
            refused(client.seek_subscription(seek.clone()).await, code, reason);
        }
        assert_eq!(events.service.row_counts().await["0.log_event"], 0);
        events.end().await;
    }

    async fn reading_a_type_takes_the_read_scope_of_its_owner(engine: Engine) {
        let events = Events::start(engine).await;
        let mail = Caller::Service("mail".into());
        let client = |scopes: &[&str]| {
            EventServiceClient::new(events.service.channel_with(&mail, scopes))
        };
        let orders = vec!["souk.orders.v1.*".to_owned()];
        let wanted = pb::SubscribeStart { event_types: orders.clone(), ..start("mail") };
        let subscription = pb::Subscription { event_types: orders.clone(), ..named("mail") };
        let denied = |status: Status, scopes: &str| {
            let status = refused::<()>(Err(status), Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
            assert_eq!(metadata_of(&status)["scopes"], scopes);
        };
        let mut without = client(&["events.subscribe", "payments.read"]);
        denied(Consumer::open(without.clone(), wanted.clone()).await.err().unwrap(), "orders.read");
        denied(Consumer::open(without.clone(), start("mail")).await.err().unwrap(), "events.read");
        denied(Consumer::open(without.clone(), start("")).await.err().unwrap(), "events.read");
        denied(without.create_subscription(create(subscription)).await.err().unwrap(), "orders.read");
        assert_eq!(events.service.row_counts().await["0.subscription"], 0);

        let with = client(&["events.subscribe", "orders.read"]);
        drop(Consumer::open(with.clone(), wanted).await.unwrap());
        // Its scope may be taken away later.
        let pull = pb::PullEventsRequest { subscription_id: "mail".into(), ..Default::default() };
        denied(without.pull_events(pull).await.err().unwrap(), "orders.read");
        let letters = pb::ListDeadLettersRequest { subscription_id: "mail".into(), ..Default::default() };
        denied(without.list_dead_letters(letters).await.err().unwrap(), "orders.read");
        let every = pb::UpdateSubscriptionRequest {
            subscription: Some(named("mail")),
            update_mask: Some(prost_types::FieldMask { paths: vec!["event_types".into()] }),
        };
        denied(with.clone().update_subscription(every).await.err().unwrap(), "events.read");
        assert_eq!(events.get("mail").await.event_types, orders);

        let all = client(&["events.subscribe", "events.read"]);
        drop(Consumer::open(all, start("mail.all")).await.unwrap());
        let own = pb::SubscribeStart { event_types: vec!["acme.mail.v1.*".into()], ..start("mail.own") };
        drop(Consumer::open(without, own).await.unwrap());
        events.end().await;
    }
}
