//! PullEvents and AcknowledgeEvents.

use std::time::{Duration, Instant};

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{
    Client, Events, LIMIT, START, by_key, create_from_earliest, event, named, number, refused,
    seconds,
};

async fn made(events: &Events) {
    let request =
        create_from_earliest(pb::Subscription { min_retry_delay: seconds(0), ..named("mail") });
    events.mail().create_subscription(request).await.unwrap();
}

/// Pulls until something comes.
async fn pull(client: &mut Client, max_events: i32) -> Vec<pb::EventDelivery> {
    let request =
        pb::PullEventsRequest { subscription_id: "mail".into(), max_events, ..Default::default() };
    client.pull_events(request).await.unwrap().into_inner().deliveries
}

/// Pulls, and waits only for a second.
async fn pull_now(client: &mut Client) -> Vec<pb::EventDelivery> {
    let request = pb::PullEventsRequest {
        subscription_id: "mail".into(),
        max_wait: seconds(1),
        ..Default::default()
    };
    client.pull_events(request).await.unwrap().into_inner().deliveries
}

fn acks(deliveries: &[pb::EventDelivery]) -> pb::AcknowledgeEventsRequest {
    pb::AcknowledgeEventsRequest {
        subscription_id: "mail".into(),
        ack_ids: deliveries.iter().map(|delivery| delivery.ack_id.clone()).collect(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn everything_is_pulled_once_and_in_order_per_key(engine: Engine) {
        let events = Events::start(engine).await;
        made(&events).await;
        events.publish((0..60).map(|number| event(&format!("key-{}", number % 5), number)).collect()).await;
        let mut mail = events.mail();
        let mut came = Vec::new();
        while came.len() < 60 {
            let pulled = pull(&mut mail, 7).await;
            // Of each key one at a time.
            assert!((1..=5).contains(&pulled.len()), "{}", pulled.len());
            mail.acknowledge_events(acks(&pulled)).await.unwrap();
            came.extend(pulled);
        }
        assert!(by_key(&came).values().all(|numbers| numbers.is_sorted() && numbers.len() == 12));
        assert_eq!(events.get("mail").await.lag, 0);
        assert!(pull_now(&mut mail).await.is_empty());
        events.end().await;
    }

    async fn what_is_pulled_stays_with_its_consumer_until_it_says_so_or_its_time_is_over(engine: Engine) {
        let clock = Clock::manual(START);
        let events = Events::start_on(engine, clock.clone(), &[]).await;
        made(&events).await;
        events.publish_keys(&["a", "b"]).await;
        let mut mail = events.mail();
        let pulled = pull(&mut mail, 10).await;
        assert_eq!((pulled.len(), pulled[0].delivery_attempt), (2, 1));
        assert_eq!(events.get("mail").await.outstanding_count, 2);
        assert!(pull_now(&mut mail).await.is_empty());

        // One more minute for the first; the other is over after half of it.
        let extension = pb::DeadlineExtension { ack_id: pulled[0].ack_id.clone(), duration: seconds(60) };
        let extend = pb::AcknowledgeEventsRequest { extensions: vec![extension], ..acks(&[]) };
        mail.acknowledge_events(extend).await.unwrap();
        clock.advance(Duration::from_secs(31));
        let again = pull(&mut mail, 10).await;
        assert_eq!(again.len(), 1);
        assert_eq!((number(&again[0]), again[0].delivery_attempt), (number(&pulled[1]), 2));

        // An acknowledgement of the delivery that is over says nothing; those of the others do.
        mail.acknowledge_events(acks(&pulled)).await.unwrap();
        assert_eq!(events.get("mail").await.lag, 1);
        mail.acknowledge_events(acks(&again)).await.unwrap();
        assert_eq!(events.get("mail").await.lag, 0);
        events.end().await;
    }

    async fn a_refused_event_comes_again_and_at_last_is_a_dead_letter(engine: Engine) {
        let events = Events::start(engine).await;
        made(&events).await;
        events.publish_keys(&["a"]).await;
        let mut mail = events.mail();
        for permanent in [false, true] {
            let pulled = pull(&mut mail, 1).await;
            let nack = pb::Nack { ack_id: pulled[0].ack_id.clone(), reason: "no".into(), permanent };
            mail.acknowledge_events(pb::AcknowledgeEventsRequest { nacks: vec![nack], ..acks(&[]) }).await.unwrap();
        }
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 1 }).await;
        assert_eq!(events.dead_letters("mail").await[0].attempt_count, 2);
        events.end().await;
    }

    async fn an_acknowledgement_that_was_answered_survives_a_restart(engine: Engine) {
        let mut events = Events::start(engine).await;
        made(&events).await;
        events.publish_keys(&["a", "b"]).await;
        let mut mail = events.mail();
        let pulled = pull(&mut mail, 10).await;
        mail.acknowledge_events(acks(&pulled[..1])).await.unwrap();
        events.service.restart().await;
        let mut mail = events.mail();
        let again = pull(&mut mail, 10).await;
        assert_eq!(again.len(), 1);
        // The process that stopped had it: that is no failure of its consumer.
        assert_eq!((number(&again[0]), again[0].delivery_attempt), (number(&pulled[1]), 1));
        mail.acknowledge_events(acks(&again)).await.unwrap();
        events.end().await;
    }

    async fn a_pull_waits_for_what_comes(engine: Engine) {
        let events = Events::start(engine).await;
        made(&events).await;
        let mut mail = events.mail();
        let waiting = tokio::spawn(async move { pull(&mut mail, 10).await });
        eventually(LIMIT, || async { events.service.row_counts().await["0.reader"] == 1 }).await;
        events.publish_keys(&["a"]).await;
        let pulled = tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
        assert_eq!(pulled.len(), 1);
        events.mail().acknowledge_events(acks(&pulled)).await.unwrap();
        events.end().await;
    }

    async fn a_stop_does_not_wait_for_what_is_pulled(engine: Engine) {
        let mut events = Events::start(engine).await;
        made(&events).await;
        events.publish_keys(&["a"]).await;
        assert_eq!(pull(&mut events.mail(), 10).await.len(), 1);
        let began = Instant::now();
        events.service.restart().await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        events.end().await;
    }

    async fn only_its_owner_pulls_and_acknowledges(engine: Engine) {
        let events = Events::start(engine).await;
        made(&events).await;
        events.publish_keys(&["a"]).await;
        let pulled = pull(&mut events.mail(), 1).await;
        for mut client in [events.orders(), events.staff()] {
            let request = pb::PullEventsRequest { subscription_id: "mail".into(), ..Default::default() };
            refused(client.pull_events(request).await, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
            let answer = client.acknowledge_events(acks(&pulled)).await;
            refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        }
        let missing = pb::PullEventsRequest { subscription_id: "mail.other".into(), ..Default::default() };
        refused(events.mail().pull_events(missing).await, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        assert_eq!(events.get("mail").await.outstanding_count, 1);
        events.end().await;
    }
}
