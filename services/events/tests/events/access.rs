//! Who may do what: the effect of the rules in the contract.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Events, event, from_earliest, refused};

on_each_engine! {
    async fn neither_users_nor_strangers_reach_the_bus(engine: Engine) {
        let events = Events::start(engine).await;
        let publish = pb::PublishRequest { events: vec![event("k", 1)] };
        let get = pb::GetSubscriptionRequest { subscription: "mail".into() };
        let seek = pb::SeekSubscriptionRequest { subscription: "mail".into(), to: Some(from_earliest()) };
        let refusals = [
            (Caller::Anonymous, Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED"),
            (Caller::User("alice".into()), Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED"),
        ];
        for (caller, code, reason) in refusals {
            let mut client = events.client_of(caller);
            refused(client.publish(publish.clone()).await, code, reason);
            refused(client.get_subscription(get.clone()).await, code, reason);
            refused(client.seek_subscription(seek.clone()).await, code, reason);
            refused(client.audit_events(pb::AuditEventsRequest {}).await, code, reason);
        }
        assert_eq!(events.service.row_counts().await["0.log_event"], 0);
        events.end().await;
    }
}
