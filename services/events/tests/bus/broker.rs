//! The broker dies and comes back, while events are published and delivered. The database has no
//! broker: that it dies with its service is in killed.rs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_testkit::{Engine, Kafka, RabbitMq, eventually, reason_of};

use crate::engine::{Bus, Settings, on_kafka, on_rabbitmq, start_with};
use crate::handled::{Handled, KEYS};
use crate::support::{Client, LIMIT, event};

/// How many events are published in all.
const COUNT: usize = 2400;

/// How long a broker may need to come back on a busy machine.
const OUTAGE: Duration = Duration::from_secs(90);

/// A broker of the test's own.
enum Broker {
    Kafka(Kafka),
    RabbitMq(RabbitMq),
}

impl Broker {
    fn log(&self) -> Settings {
        match self {
            Broker::Kafka(kafka) => on_kafka(kafka),
            Broker::RabbitMq(rabbitmq) => on_rabbitmq(rabbitmq),
        }
    }

    /// Waits until it would know its partitions again.
    async fn settles(&self) {
        if let Broker::RabbitMq(rabbitmq) = self {
            rabbitmq.settles().await;
        }
    }

    async fn kill(&mut self) {
        match self {
            Broker::Kafka(kafka) => kafka.kill().await,
            Broker::RabbitMq(rabbitmq) => rabbitmq.kill().await,
        }
    }

    async fn restart(&mut self) {
        match self {
            Broker::Kafka(kafka) => kafka.restart().await,
            Broker::RabbitMq(rabbitmq) => rabbitmq.restart().await,
        }
    }
}

#[test]
fn nothing_that_kafka_took_is_lost_when_it_is_killed() {
    Bus::Kafka.run(|_| async { survives(Broker::Kafka(Kafka::start().await)).await });
}

#[test]
fn nothing_that_rabbitmq_took_is_lost_when_it_is_killed() {
    Bus::RabbitMq.run(|_| async { survives(Broker::RabbitMq(RabbitMq::start().await)).await });
}

/// Publishes and consumes; kills the broker at a third and at two thirds.
async fn survives(mut broker: Broker) {
    let events = start_with(Engine::Sqlite, &broker.log()).await;
    broker.settles().await;
    let mut consumer = events.subscribe("mail").await;
    let taken = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let publishing = tokio::spawn(publish_all(events.orders(), taken.clone(), refused.clone()));

    let consuming = tokio::spawn(async move {
        let mut handled = Handled::default();
        while handled.count() < COUNT {
            let delivery = consumer.next_within(OUTAGE).await;
            handled.handle(&delivery);
            consumer.ack(&delivery).await;
        }
        (consumer, handled)
    });
    for third in 1..=2 {
        eventually(OUTAGE, || async { taken.load(Ordering::Relaxed) >= COUNT * third / 3 }).await;
        let before = refused.load(Ordering::Relaxed);
        broker.kill().await;
        // Publishers are told explicitly that they may retry.
        eventually(LIMIT, || async { refused.load(Ordering::Relaxed) > before }).await;
        broker.restart().await;
    }
    publishing.await.unwrap();
    let (mut consumer, mut handled) = consuming.await.unwrap();
    // The last events may be stored twice, because publishers repeat what was not confirmed.
    let settled = eventually(OUTAGE, || async { events.get("mail").await.lag == 0 });
    let mut settled = Box::pin(settled);
    loop {
        tokio::select! {
            () = &mut settled => break,
            delivery = consumer.next_within(OUTAGE * 2) => {
                handled.handle(&delivery);
                consumer.ack(&delivery).await;
            }
        }
    }
    drop((settled, consumer));
    events.end().await;
}

/// Publishes every number, sixty at a time, each until it is taken.
async fn publish_all(mut publisher: Client, taken: Arc<AtomicUsize>, refused: Arc<AtomicUsize>) {
    for batch in 0..COUNT / 60 {
        let numbers = batch * 60..(batch + 1) * 60;
        let mut left: Vec<pb::Event> =
            numbers.map(|number| event(&format!("key-{}", number % KEYS), number)).collect();
        while !left.is_empty() {
            let answer =
                publisher.publish_events(pb::PublishEventsRequest { events: left.clone() }).await;
            let results = match answer {
                Ok(answer) => answer.into_inner().results,
                Err(status) => {
                    assert_eq!(reason_of(&status), "ERROR_REASON_LOG_UNAVAILABLE", "{status:?}");
                    refused.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            };
            let mut again = Vec::new();
            for (event, result) in left.into_iter().zip(results) {
                match result.result {
                    Some(Outcome::Position(_)) => drop(taken.fetch_add(1, Ordering::Relaxed)),
                    Some(Outcome::Failure(failure)) => {
                        assert!(failure.retryable, "{failure:?}");
                        assert_eq!(failure.reason(), pb::ErrorReason::LogUnavailable);
                        refused.fetch_add(1, Ordering::Relaxed);
                        again.push(event);
                    }
                    None => panic!("a result says what became of the event"),
                }
            }
            left = again;
        }
    }
}
