//! ListRecentEntries: the entries of a customer, the newest first.

use souk_testkit::{Engine, on_each_engine};

use crate::support::{{Name}};

on_each_engine! {
    async fn a_customer_sees_its_own_entries_the_newest_first(engine: Engine) {
        let service = {{Name}}::start(engine, 10).await;
        for (request_id, text) in [("r1", "one"), ("r2", "two"), ("r3", "three")] {
            service.record("alice", request_id, text).await.unwrap();
        }
        assert_eq!(service.recent("alice", 0).await, ["three", "two", "one"]);
        assert_eq!(service.recent("alice", 2).await, ["three", "two"]);
        assert_eq!(service.recent("bob", 0).await, Vec::<String>::new());
        service.end().await;
    }
}
