//! The process is killed at any moment: nothing that was published is lost, and what was finished stays finished.

use std::collections::BTreeMap;
use std::time::Duration;

use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::child::Child;
use crate::support::{Consumer, event, key, number, publish, start};

/// How many events each test publishes, of how many keys.
const COUNT: usize = 600;
const KEYS: usize = 12;

/// What a consumer has handled: for each key the numbers in their order, each once.
#[derive(Default)]
struct Handled(BTreeMap<String, Vec<usize>>);

impl Handled {
    /// Handles an event as a consumer with an inbox does: a repeat has no effect, and no event comes before an earlier one of
    /// its key.
    fn handle(&mut self, delivery: &souk_client::events::v1::Delivery) {
        let numbers = self.0.entry(key(delivery).to_owned()).or_default();
        let number = number(delivery);
        if numbers.last().is_none_or(|last| *last < number) {
            let expected = numbers.last().map_or(number % KEYS, |last| last + KEYS);
            assert_eq!(number, expected, "an event of {} is missing", key(delivery));
            numbers.push(number);
        } else {
            assert!(numbers.contains(&number), "event {number} came after a later one of its key");
        }
    }

    fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

on_each_engine! {
    async fn every_event_that_was_taken_is_delivered_in_order_however_often_the_service_dies(engine: Engine) {
        let (database, folder) = (TestDb::new(engine).await, tempfile::tempdir().unwrap());
        let mut handled = Handled::default();
        let (mut published, mut lives) = (0, 0);
        while handled.count() < COUNT {
            lives += 1;
            let child = Child::start(folder.path(), database.url()).await;
            let mut publisher = child.client_of("orders");
            let mut consumer = Consumer::open(child.client_of("mail"), start("mail")).await.unwrap();
            for _ in 0..4 {
                let batch = published..COUNT.min(published + 37);
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
        assert!(lives >= 4, "it died {lives} times");

        // What was finished long enough ago does not come again.
        let child = Child::start(folder.path(), database.url()).await;
        let mut consumer = Consumer::open(child.client_of("mail"), start("mail")).await.unwrap();
        let mut publisher = child.client_of("orders");
        publish(&mut publisher, vec![event("last", COUNT)]).await;
        let mut again = 0;
        loop {
            let delivery = consumer.next().await;
            consumer.ack(&delivery).await;
            if number(&delivery) == COUNT {
                break;
            }
            handled.handle(&delivery);
            again += 1;
        }
        assert!(again <= 150, "{again} of the last 120 events and the batch before came again");
        child.kill().await;
    }
}
