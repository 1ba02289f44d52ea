//! Two replicas of the service on one PostgreSQL, and the log on each engine: partitions move and
//! are never with both.

use std::collections::{BTreeSet, HashMap};

use souk_testkit::{Engine, is_available};

use crate::engine::start_with;
use crate::support::{Consumer, event, key, number, publish};

/// How many events are published at least while partitions move, and how many of them the second
/// replica must have.
const COUNT: usize = 1200;
const SHARE: usize = 100;

/// Keys of the events.
const KEYS: usize = 10;

on_each_bus! {
    async fn keys_stay_in_order_while_partitions_move_between_two_replicas(bus: Bus) {
        if !is_available(Engine::Postgres) {
            return;
        }
        let mut settings = bus.log().await;
        settings.push(("delivery.lease_milliseconds".into(), "2000".into()));
        let one = start_with(Engine::Postgres, &settings).await;
        settings.push(("data.url".into(), one.service.databases()[0].url().to_owned()));
        let other = start_with(Engine::Postgres, &settings).await;

        let mut ours = one.subscribe("mail").await;
        let mut theirs: Option<Consumer> = None;
        let mut publisher = one.orders();
        let mut through_other = other.orders();
        let mut published = 0;
        let mut last = HashMap::<String, usize>::new();
        let mut seen = BTreeSet::new();
        let mut turns = 0;
        let mut by_other = 0;
        while seen.len() < published || published < COUNT || by_other < SHARE {
            turns += 1;
            if (published < COUNT || by_other < SHARE) && seen.len() + 200 > published {
                // Both replicas publish; the order within a key is that of the calls.
                let numbers = published..published + 20;
                let events = numbers.map(|number| event(&format!("key-{}", number % KEYS), number)).collect();
                let publisher = if turns % 2 == 0 { &mut publisher } else { &mut through_other };
                publish(publisher, events).await;
                published += 20;
            }
            // The second comes and goes.
            if turns % 300 == 50 {
                theirs = Some(other.subscribe("mail").await);
            }
            if turns % 300 == 0 {
                theirs = None;
            }
            let second = async {
                match &mut theirs {
                    Some(consumer) => consumer.next().await,
                    None => std::future::pending().await,
                }
            };
            let (delivery, is_ours) = tokio::select! {
                delivery = ours.next() => (delivery, true),
                delivery = second => (delivery, false),
            };
            let number = number(&delivery);
            if seen.insert(number) {
                let expected = last.get(key(&delivery)).map_or(number % KEYS, |last| last + KEYS);
                assert_eq!(number, expected, "an event of {} is missing", key(&delivery));
                last.insert(key(&delivery).to_owned(), number);
            }
            match is_ours {
                true => ours.ack(&delivery).await,
                false => {
                    by_other += 1;
                    theirs.as_ref().unwrap().ack(&delivery).await;
                }
            }
        }
        drop((ours, theirs));
        other.end().await;
        one.end().await;
    }
}
