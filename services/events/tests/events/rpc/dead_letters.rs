//! ListDeadLetters, RequeueDeadLetters, DropDeadLetters, and how an event becomes one.

use souk_client::events::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};
use tonic::Code;

use crate::support::{Consumer, Events, LIMIT, event, number, refused};

/// A subscription whose events die after this many attempts, in quick succession.
async fn hasty(events: &Events, max_attempts: i32) -> Consumer {
    let subscription = pb::Subscription {
        subscription_id: "mail".into(),
        max_attempts,
        min_retry_delay: Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 }),
        max_retry_delay: Some(prost_types::Duration { seconds: 0, nanos: 5_000_000 }),
        ..Default::default()
    };
    let request = crate::support::create(subscription);
    events.mail().create_subscription(request).await.unwrap();
    events.subscribe("mail").await
}

/// Refuses everything with this number until it dies.
async fn kill(consumer: &mut Consumer, poison: usize, attempts: i32) {
    for attempt in 1..=attempts {
        let delivery = consumer.next().await;
        assert_eq!((number(&delivery), delivery.delivery_attempt), (poison, attempt));
        consumer.nack(&delivery, &format!("attempt {attempt} failed")).await;
    }
}

fn requeue(ids: &[&str]) -> pb::RequeueDeadLettersRequest {
    pb::RequeueDeadLettersRequest {
        subscription_id: "mail".into(),
        dead_letter_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn discard(ids: &[&str]) -> pb::DropDeadLettersRequest {
    pb::DropDeadLettersRequest {
        subscription_id: "mail".into(),
        dead_letter_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

on_each_engine! {
    async fn a_poison_message_dies_after_its_attempts_and_the_next_of_its_key_goes_on(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 3).await;
        let positions = events.publish_keys(&["a", "a"]).await;
        kill(&mut consumer, 0, 3).await;
        let next = consumer.next().await;
        assert_eq!((number(&next), next.delivery_attempt), (1, 1));
        consumer.ack(&next).await;

        let letters = events.dead_letters("mail").await;
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!((letter.attempt_count, letter.reason.as_str()), (3, "attempt 3 failed"));
        let logged = letter.event.clone().unwrap();
        assert_eq!((logged.position, logged.event.unwrap().data.as_ref()), (Some(positions[0]), b"0".as_ref()));
        let found = eventually(LIMIT, || async {
            let found = events.get("mail").await;
            (found.lag == 0).then_some(found)
        });
        assert_eq!(found.await.dead_letter_count, 1);
        assert_eq!(events.service.row_counts().await["0.retry"], 0);
        events.end().await;
    }

    async fn a_final_refusal_makes_a_dead_letter_at_once(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 10).await;
        events.publish_keys(&["a", "a"]).await;
        let delivery = consumer.next().await;
        consumer.refuse(&delivery, "cannot be read", true).await;
        // The next event with its key continues.
        let next = consumer.next().await;
        assert_eq!((number(&next), next.delivery_attempt), (1, 1));
        consumer.ack(&next).await;
        let letters = eventually(LIMIT, || async {
            Some(events.dead_letters("mail").await).filter(|letters| !letters.is_empty())
        });
        let letters = letters.await;
        assert_eq!((letters[0].attempt_count, letters[0].reason.as_str()), (1, "cannot be read"));
        events.end().await;
    }

    async fn a_requeued_dead_letter_is_delivered_again_and_then_gone(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 2).await;
        events.publish_keys(&["a", "b"]).await;
        let mut died = Vec::new();
        for _ in 0..4 {
            let delivery = consumer.next().await;
            consumer.nack(&delivery, "no").await;
            died.push(number(&delivery));
        }
        let count = || async { events.dead_letters("mail").await.len() };
        eventually(LIMIT, || async { count().await == 2 }).await;
        let first = events.dead_letters("mail").await[0].clone();

        let answer = events.mail().requeue_dead_letters(requeue(&[&first.dead_letter_id])).await.unwrap();
        assert_eq!(answer.into_inner().requeued_count, 1);
        let again = consumer.next().await;
        assert_eq!((again.position, again.delivery_attempt), (first.event.as_ref().unwrap().position, 1));
        consumer.ack(&again).await;
        assert_eq!(count().await, 1);
        consumer.is_quiet().await;
        // A repeat changes nothing, also when it was handled.
        let answer = events.mail().requeue_dead_letters(requeue(&[&first.dead_letter_id])).await.unwrap();
        assert_eq!(answer.into_inner().requeued_count, 0);
        consumer.is_quiet().await;

        // All of them; and one that fails again is a dead letter again.
        let answer = events.staff().requeue_dead_letters(requeue(&[])).await.unwrap();
        assert_eq!(answer.into_inner().requeued_count, 1);
        for attempt in 1..=2 {
            let delivery = consumer.next().await;
            assert_eq!(delivery.delivery_attempt, attempt);
            consumer.nack(&delivery, "still no").await;
        }
        eventually(LIMIT, || async { count().await == 1 }).await;
        assert_eq!(events.dead_letters("mail").await[0].reason, "still no");
        events.end().await;
    }

    async fn what_is_requeued_while_nobody_listens_waits(engine: Engine) {
        let mut events = Events::start(engine).await;
        let mut consumer = hasty(&events, 1).await;
        events.publish_keys(&["a"]).await;
        kill(&mut consumer, 0, 1).await;
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 1 }).await;
        drop(consumer);
        events.mail().requeue_dead_letters(requeue(&[])).await.unwrap();
        events.service.restart().await;
        let mut consumer = events.subscribe("mail").await;
        assert_eq!(number(&consumer.next().await), 0);
        drop(consumer);
        events.end().await;
    }

    async fn a_dropped_dead_letter_is_gone(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 1).await;
        events.publish((0..30).map(|number| event("", number)).collect()).await;
        for _ in 0..30 {
            let delivery = consumer.next().await;
            consumer.nack(&delivery, "no").await;
        }
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 30 }).await;
        let letters = events.dead_letters("mail").await;
        let ids: Vec<&str> = letters.iter().map(|letter| letter.dead_letter_id.as_str()).collect();
        let answer = events.mail().drop_dead_letters(discard(&ids[..20])).await.unwrap();
        assert_eq!(answer.into_inner().dropped_count, 20);
        let answer = events.mail().drop_dead_letters(discard(&ids[..20])).await.unwrap();
        assert_eq!(answer.into_inner().dropped_count, 0);
        let answer = events.mail().drop_dead_letters(discard(&["nonsense"])).await.unwrap();
        assert_eq!(answer.into_inner().dropped_count, 0);
        assert_eq!(events.dead_letters("mail").await.len(), 10);
        let answer = events.mail().drop_dead_letters(discard(&[])).await.unwrap();
        assert_eq!(answer.into_inner().dropped_count, 10);
        events.end().await;
    }

    async fn pages_hold_every_dead_letter_once(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 1).await;
        events.publish((0..25).map(|number| event("", number)).collect()).await;
        for _ in 0..25 {
            let delivery = consumer.next().await;
            consumer.nack(&delivery, "no").await;
        }
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 25 }).await;
        let mut page_token = String::new();
        let mut ids = Vec::new();
        loop {
            let request = pb::ListDeadLettersRequest { subscription_id: "mail".into(), page_size: 10, page_token };
            let page = events.mail().list_dead_letters(request).await.unwrap().into_inner();
            ids.extend(page.dead_letters.into_iter().map(|letter| letter.dead_letter_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(ids.len(), 25);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 25);
        events.end().await;
    }

    async fn a_page_of_large_dead_letters_is_cut_by_bytes(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 1).await;
        for _ in 0..8 {
            events.publish(vec![pb::Event { data: vec![7; 700 << 10].into(), ..event("", 0) }]).await;
            let delivery = consumer.next().await;
            consumer.nack(&delivery, &"\u{1d11e}".repeat(1000)).await;
        }
        eventually(LIMIT, || async { events.get("mail").await.dead_letter_count == 8 }).await;
        let mut page_token = String::new();
        let mut sizes = Vec::new();
        loop {
            let request = pb::ListDeadLettersRequest { subscription_id: "mail".into(), page_size: 100, page_token };
            let page = events.mail().list_dead_letters(request).await.unwrap().into_inner();
            assert!(prost::Message::encoded_len(&page) <= 3 << 20);
            sizes.push(page.dead_letters.len());
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(sizes, [4, 4]);
        events.end().await;
    }

    async fn what_is_not_there_is_not_requeued_and_nothing_else_is(engine: Engine) {
        let events = Events::start(engine).await;
        let mut consumer = hasty(&events, 1).await;
        events.publish_keys(&["a"]).await;
        kill(&mut consumer, 0, 1).await;
        eventually(LIMIT, || async { events.dead_letters("mail").await.len() == 1 }).await;
        let id = events.dead_letters("mail").await[0].dead_letter_id.clone();
        for missing in ["0_999", "nonsense"] {
            let answer = events.mail().requeue_dead_letters(requeue(&[&id, missing])).await;
            let status = refused(answer, Code::NotFound, "ERROR_REASON_DEAD_LETTER_NOT_FOUND");
            assert_eq!(souk_testkit::metadata_of(&status)["dead_letter_id"], missing);
        }
        consumer.is_quiet().await;
        assert_eq!(events.dead_letters("mail").await.len(), 1);
        let answer = events.orders().requeue_dead_letters(requeue(&[])).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        let answer = events.orders().drop_dead_letters(discard(&[])).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        let request = pb::ListDeadLettersRequest { subscription_id: "mail".into(), ..Default::default() };
        let answer = events.orders().list_dead_letters(request).await;
        refused(answer, Code::NotFound, "ERROR_REASON_SUBSCRIPTION_NOT_FOUND");
        events.end().await;
    }
}
