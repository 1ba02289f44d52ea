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
            Engine::Sqlite => "measured-sqlite",
            Engine::Postgres => "measured-postgres",
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
            let metrics = metrics(&events).await;
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

/// Reads what the process tells Prometheus.
async fn metrics(events: &Events) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(events.service.running().metrics_addr()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: souk\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}
