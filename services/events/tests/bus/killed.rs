//! The service or a consumer dies at any moment.

use std::time::Duration;

use crate::child::Child;
use crate::engine::Settings;
use crate::handled::{Handled, KEYS};
use crate::support::{Consumer, event, number, publish, start};

/// How many events are published while the service dies again and again.
const COUNT: usize = 400;

on_each_bus! {
    async fn every_event_that_was_taken_is_delivered_in_order_however_often_the_service_dies(bus: Bus) {
        let folder = tempfile::tempdir().unwrap();
        let mut settings: Settings = bus.log().await;
        settings.push(("delivery.lease_milliseconds".into(), "2000".into()));
        let mut handled = Handled::default();
        let mut published = 0;
        let mut lives = 0;
        while handled.count() < COUNT {
            lives += 1;
            let child = Child::start(folder.path(), &settings).await;
            let mut publisher = child.client_of("orders");
            let mut consumer = Consumer::open(child.client_of("mail"), start("mail")).await.unwrap();
            for _ in 0..4 {
                let batch = published..COUNT.min(published + 40);
                let events = batch.clone().map(|number| event(&format!("key-{}", number % KEYS), number)).collect();
                if !batch.is_empty() {
                    publish(&mut publisher, events).await;
                    published = batch.end;
                }
                let target = COUNT.min(handled.count() + 30);
                while handled.count() < target {
                    let delivery = consumer.next().await;
                    handled.handle(&delivery);
                    consumer.ack(&delivery).await;
                }
            }
            // Sometimes in the middle of writing how far it has come, sometimes after.
            tokio::time::sleep(Duration::from_millis(lives * 7 % 40)).await;
            child.kill().await;
        }
        assert!(lives >= 3, "it died {lives} times");
    }

    async fn what_a_consumer_had_when_it_died_goes_to_another_in_order(bus: Bus) {
        let events = bus.start().await;
        events.publish((0..40).map(|number| event(&format!("key-{}", number % 4), number)).collect()).await;
        let mut dying = events.subscribe("mail").await;
        // One event of each key is open: the others of the key wait for it.
        let open = dying.take(4).await;
        dying.ack(&open[0]).await;
        let finished = number(&open[0]);
        let next = dying.next().await;
        assert_eq!(number(&next), finished + 4);
        drop(dying);
        let mut other = events.subscribe("mail").await;
        let came = other.handle(39).await;
        let numbers = crate::support::by_key(&came);
        for key in 0..4 {
            let expected: Vec<usize> = (key..40).step_by(4).filter(|number| *number != finished).collect();
            assert_eq!(numbers[&format!("key-{key}")], expected);
        }
        drop(other);
        events.end().await;
    }
}
