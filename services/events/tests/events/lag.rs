//! What an operator sees of a subscription that does not keep up.

use std::time::Duration;

use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;

use crate::support::{Events, LIMIT, START, event};

on_each_engine! {
    async fn lag_outstanding_dead_letters_and_age_are_gauges_of_each_subscription(engine: Engine) {
        let events = Events::start_on(engine, Clock::manual(START), &[]).await;
        events.publish((0..20).map(|number| event("", number)).collect()).await;
        events.clock.advance(Duration::from_secs(100));
        let name = match engine {
            Engine::Sqlite => "mail.sqlite",
            Engine::Postgres => "mail.postgres",
        };
        let mut consumer = events.subscribe(name).await;
        let open = consumer.take(20).await;
        consumer.refuse(&open[0], "no", true).await;
        for delivery in &open[1..5] {
            consumer.ack(delivery).await;
        }
        let expected = [
            ("lag", "15"),
            ("outstanding", "15"),
            ("dead_letters", "1"),
            ("oldest_unacked_seconds", "100"),
        ];
        eventually(LIMIT, || async {
            let metrics = events.service.metrics().await;
            expected.iter().all(|(what, value)| {
                let line = format!("souk_events_subscription_{what}{{subscription=\"{name}\"}} {value}");
                metrics.lines().any(|found| found == line)
            })
        })
        .await;
        drop(consumer);
        events.end().await;
    }
}
