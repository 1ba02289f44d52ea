//! The invariants of events.

use souk_testkit::{Engine, eventually, on_each_engine};

use crate::support::{Events, LIMIT, event};

on_each_engine! {
    async fn it_counts_what_is_there(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..30).map(|number| event("", number)).collect()).await;
        let mut consumer = events.subscribe("mail").await;
        let delivery = consumer.next().await;
        consumer.refuse(&delivery, "no", true).await;
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 1 }).await;
        let audit = events.service.invariants().await;
        let counts: Vec<(&str, i64)> = audit.counts.iter().map(|count| (count.what.as_str(), count.count)).collect();
        let expected = [
            ("subscriptions", 1),
            ("events", 30),
            ("places", 8),
            ("events that wait for another try", 0),
            ("dead letters", 1),
        ];
        assert_eq!(counts, expected);
        drop(consumer);
        events.end().await;
    }

    async fn it_finds_what_does_not_hold(engine: Engine) {
        let mut events = Events::start(engine).await;
        let at = events.publish((0..40).map(|number| event("", number)).collect()).await[0].partition;
        let mut consumer = events.subscribe("mail").await;
        consumer.handle(40).await;
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        eventually(LIMIT, || async { events.service.row_counts().await["0.reader"] == 0 }).await;
        // What was acknowledged is written by the time the last stream has left.
        eventually(LIMIT, || async { events.service.row_counts().await["0.reader"] == 0 }).await;
        for (damage, finding, repair) in [
            (
                format!("INSERT INTO retry VALUES (1, {at}, 0, 1, 0)"),
                format!("no event is both finished and waiting: mail, partition {at}"),
                "DELETE FROM retry",
            ),
            (
                format!("DELETE FROM log_event WHERE partition = {at} AND log_offset = 0"),
                format!("the log has no gap: partition {at}"),
                "DELETE FROM log_event; UPDATE log_partition SET first_offset = next_offset",
            ),
            (
                format!("UPDATE place SET next_offset = 1000000 WHERE partition = {at}"),
                format!("a place lies within the log: mail, partition {at}"),
                "UPDATE place SET next_offset = 0",
            ),
        ] {
            assert_eq!(events.findings().await, Vec::<String>::new());
            events.tamper(&damage).await;
            assert_eq!(events.findings().await, [finding]);
            events.tamper(repair).await;
        }
        events.service.stop().await;
    }
}
