//! The process is killed at any moment: nothing that was published is lost, and what was finished
//! stays finished.

use std::time::Duration;

use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::child::{Child, settings_on};
use crate::handled::{Handled, KEYS};
use crate::support::{Consumer, event, number, publish, start};

/// How many events each test publishes.
const COUNT: usize = 600;

on_each_engine! {
    async fn every_event_that_was_taken_is_delivered_in_order_however_often_the_service_dies(engine: Engine) {
        let database = TestDb::new(engine).await;
        let folder = tempfile::tempdir().unwrap();
        let mut handled = Handled::default();
        let mut published = 0;
        let mut lives = 0;
        while handled.count() < COUNT {
            lives += 1;
            let child = Child::start(folder.path(), &settings_on(&database)).await;
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
        let child = Child::start(folder.path(), &settings_on(&database)).await;
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
