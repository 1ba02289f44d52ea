//! Two replicas on one PostgreSQL: partitions are shared, move, and are never with both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, TestDb, eventually, is_available, run};
use souk_types::Clock;
use tonic::Code;

use crate::child::{Child, settings_on};
use crate::support::{
    Consumer, Events, LIMIT, create_from_earliest, event, key, named, number, publish, refused,
    seconds, start,
};

/// Runs a test that needs two replicas, where there is a PostgreSQL.
fn on_postgres(test: impl Future<Output = ()>) {
    if is_available(Engine::Postgres) {
        run(test);
    }
}

/// Starts a replica, and another one on its database.
async fn two() -> (Events, Events) {
    let settings = [("delivery.lease_milliseconds", "2000")];
    let one = Events::start_on(Engine::Postgres, Clock::system(), &settings).await;
    let url = one.service.databases()[0].url().to_owned();
    let settings = [("delivery.lease_milliseconds", "2000"), ("data.url", url.as_str())];
    let other = Events::start_on(Engine::Postgres, Clock::system(), &settings).await;
    (one, other)
}

/// Publishes through both, handles what comes at either, and returns the partitions that each of
/// them had last.
async fn shares(
    one: &mut Consumer,
    other: &mut Consumer,
    events: &Events,
) -> (BTreeSet<i32>, BTreeSet<i32>) {
    events.publish((0..80).map(|number| event("", number)).collect()).await;
    let mut ours = BTreeSet::new();
    let mut theirs = BTreeSet::new();
    let mut handled = BTreeSet::new();
    while handled.len() < 80 {
        let (delivery, partitions, consumer) = tokio::select! {
            delivery = one.next() => (delivery, &mut ours, &*one),
            delivery = other.next() => (delivery, &mut theirs, &*other),
        };
        consumer.ack(&delivery).await;
        partitions.insert(delivery.position.unwrap().partition);
        handled.insert(delivery.event.unwrap().id);
    }
    (ours, theirs)
}

#[test]
fn partitions_are_shared_evenly_and_go_back_when_a_replica_has_no_consumers() {
    on_postgres(async {
        let (one, other) = two().await;
        let mut ours = one.subscribe("mail").await;
        one.publish((0..80).map(|number| event("", number)).collect()).await;
        assert_eq!(ours.handle(80).await.len(), 80);

        let mut theirs = other.subscribe("mail").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut rounds = 0;
        loop {
            let (mine, yours) = shares(&mut ours, &mut theirs, &one).await;
            if mine.len() == 4 && yours.len() == 4 && mine.is_disjoint(&yours) {
                break;
            }
            rounds += 1;
            assert!(rounds < 50, "the shares are {mine:?} and {yours:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }

        drop(ours);
        tokio::time::sleep(Duration::from_millis(100)).await;
        other.publish((0..80).map(|number| event("", number)).collect()).await;
        let came = theirs.handle(80).await;
        let partitions: BTreeSet<i32> =
            came.iter().map(|delivery| delivery.position.unwrap().partition).collect();
        assert_eq!(partitions.len(), 8);
        drop(theirs);
        other.end().await;
        one.end().await;
    });
}

#[test]
fn keys_stay_in_order_while_partitions_move() {
    on_postgres(async {
        const COUNT: usize = 3000;
        let (one, other) = two().await;
        let mut publisher = one.orders();
        let publishing = tokio::spawn(async move {
            for batch in 0..COUNT / 20 {
                let numbers = (0..20).map(|step| batch * 20 + step);
                publish(
                    &mut publisher,
                    numbers.map(|number| event(&format!("k{}", number % 10), number)).collect(),
                )
                .await;
            }
        });
        let mut seen = BTreeMap::<String, Vec<usize>>::new();
        let mut ours = one.subscribe("mail").await;
        let mut theirs: Option<Consumer> = None;
        let mut turns = 0;
        while seen.values().map(Vec::len).sum::<usize>() < COUNT {
            turns += 1;
            // The second comes and goes.
            if turns % 400 == 100 {
                theirs = Some(other.subscribe("mail").await);
            }
            if turns % 400 == 0 {
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
            let numbers = seen.entry(key(&delivery).to_owned()).or_default();
            let number = number(&delivery);
            match numbers.last() {
                Some(last) if *last >= number => {
                    assert!(numbers.contains(&number), "{number} was passed over")
                }
                Some(last) => {
                    assert_eq!(number, last + 10, "of {}", key(&delivery));
                    numbers.push(number);
                }
                None => numbers.push(number),
            }
            match is_ours {
                true => ours.ack(&delivery).await,
                false => theirs.as_ref().unwrap().ack(&delivery).await,
            }
        }
        publishing.await.unwrap();
        drop((ours, theirs));
        other.end().await;
        one.end().await;
    });
}

#[test]
fn what_one_replica_delivered_is_acknowledged_at_the_other() {
    on_postgres(async {
        let (one, other) = two().await;
        one.mail().create_subscription(create_from_earliest(named("mail"))).await.unwrap();
        one.publish((0..20).map(|number| event("", number)).collect()).await;
        let pull = pb::PullEventsRequest { subscription_id: "mail".into(), ..Default::default() };
        let pulled = one.mail().pull_events(pull.clone()).await.unwrap().into_inner().deliveries;
        assert!(!pulled.is_empty());
        let ack_ids = pulled.iter().map(|delivery| delivery.ack_id.clone()).collect();
        let request = pb::AcknowledgeEventsRequest {
            subscription_id: "mail".into(),
            ack_ids,
            ..Default::default()
        };
        other.mail().acknowledge_events(request).await.unwrap();
        let left = 20 - i64::try_from(pulled.len()).unwrap();
        eventually(LIMIT, || async { one.get("mail").await.lag == left }).await;
        assert_eq!(one.service.row_counts().await["0.acknowledgement"], 0);

        // The rest comes to either, and each event to one of them only.
        let mut came: Vec<usize> = pulled.iter().map(number).collect();
        while came.len() < 20 {
            for (at, elsewhere) in [(&one, &other), (&other, &one)] {
                let pull = pb::PullEventsRequest { max_wait: seconds(2), ..pull.clone() };
                let pulled = at.mail().pull_events(pull).await.unwrap().into_inner().deliveries;
                let request = pb::AcknowledgeEventsRequest {
                    subscription_id: "mail".into(),
                    ack_ids: pulled.iter().map(|delivery| delivery.ack_id.clone()).collect(),
                    ..Default::default()
                };
                elsewhere.mail().acknowledge_events(request).await.unwrap();
                came.extend(pulled.iter().map(number));
            }
        }
        came.sort_unstable();
        assert_eq!(came, (0..20).collect::<Vec<_>>());
        eventually(LIMIT, || async { one.get("mail").await.lag == 0 }).await;
        other.end().await;
        one.end().await;
    });
}

#[test]
fn seeking_at_one_replica_ends_the_streams_of_the_other() {
    on_postgres(async {
        let (one, other) = two().await;
        one.publish((0..20).map(|number| event("k", number)).collect()).await;
        let mut theirs = other.subscribe("mail").await;
        theirs.handle(20).await;
        eventually(LIMIT, || async { one.get("mail").await.lag == 0 }).await;
        let to = Some(crate::support::from_earliest());
        let request = pb::SeekSubscriptionRequest { subscription_id: "mail".into(), position: to };
        one.mail().seek_subscription(request).await.unwrap();
        refused::<()>(Err(theirs.end().await), Code::Aborted, "ERROR_REASON_SUBSCRIPTION_CHANGED");
        drop(theirs);
        let mut theirs = other.subscribe("mail").await;
        assert_eq!(theirs.handle(20).await.len(), 20);
        drop(theirs);
        other.end().await;
        one.end().await;
    });
}

#[test]
fn the_partitions_of_a_replica_that_dies_go_to_the_other_within_seconds() {
    on_postgres(async {
        let database = TestDb::new(Engine::Postgres).await;
        let folder = tempfile::tempdir().unwrap();
        let other_folder = tempfile::tempdir().unwrap();
        let one = Child::start(folder.path(), &settings_on(&database)).await;
        let other = Child::start(other_folder.path(), &settings_on(&database)).await;
        let mut ours = Consumer::open(one.client_of("mail"), start("mail")).await.unwrap();
        let mut theirs = Consumer::open(other.client_of("mail"), start("mail")).await.unwrap();
        // Each has its share, and the first has outstanding events that will not be acknowledged.
        let mut publisher = other.client_of("orders");
        let mut had = 0;
        let mut number_of = 0;
        while had < 10 {
            publish(
                &mut publisher,
                (number_of..number_of + 10).map(|number| event("", number)).collect(),
            )
            .await;
            number_of += 10;
            while let Ok(delivery) =
                tokio::time::timeout(Duration::from_millis(200), ours.next()).await
            {
                had += usize::from(!delivery.ack_id.is_empty());
            }
        }
        one.kill().await;
        let began = std::time::Instant::now();
        let mut seen = BTreeSet::new();
        while seen.len() < number_of {
            let delivery = theirs.next().await;
            theirs.ack(&delivery).await;
            seen.insert(number(&delivery));
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
        other.kill().await;
    });
}
