//! RecordEntry: success, repeat, the limit, and the published event.

use souk_contract::customer_of;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{self, {{Name}}};

on_each_engine! {
    async fn an_entry_is_returned_stored_and_published(engine: Engine) {
        let service = {{Name}}::start(engine, 10).await;
        let entry = service.record("alice", "r1", "hello").await.unwrap();
        assert!(entry.entry_id.starts_with("entry_"), "{entry:?}");
        assert_eq!((entry.customer_id, entry.text.as_str()), (customer_of("user:alice").to_string(), "hello"));
        assert_eq!(entry.create_time, Some(support::START.into()));
        assert_eq!(service.recent("alice", 5).await, ["hello"]);
        assert_eq!(service.events_in_outbox().await, 1);
        service.end().await;
    }

    async fn a_repeat_returns_the_first_entry_and_another_text_is_refused(engine: Engine) {
        let service = {{Name}}::start(engine, 10).await;
        let first = service.record("alice", "r1", "hello").await.unwrap();
        assert_eq!(service.record("alice", "r1", "hello").await.unwrap(), first);
        let refused = service.record("alice", "r1", "goodbye").await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED"));
        assert_ne!(service.record("bob", "r1", "hello").await.unwrap(), first);
        assert_eq!(service.events_in_outbox().await, 2);
        service.end().await;
    }

    async fn a_customer_may_have_entries_up_to_the_limit(engine: Engine) {
        let service = {{Name}}::start(engine, 1).await;
        service.record("alice", "r1", "hello").await.unwrap();
        let refused = service.record("alice", "r2", "again").await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_TOO_MANY_ENTRIES"));
        service.record("bob", "r1", "hello").await.unwrap();
        service.end().await;
    }
}
