//! Outbox, inbox and the purge that keeps them bounded.

use std::time::Duration;

use souk_data::outbox::{self, NewEvent};
use souk_data::{Db, Engine, Error, Isolation, Purged, RequestKey, Tx, inbox};
use souk_types::{EventId, Timestamp};

use crate::support::{TestDb, add_counter, count, on_each_engine};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn event(test: &TestDb, number: usize) -> NewEvent {
    NewEvent {
        id: EventId::new(test.clock.now()),
        kind: "souk.proving.v1.Proved".to_owned(),
        key: format!("order {}", number % 3),
        payload: vec![number as u8],
        time: test.clock.now(),
    }
}

async fn append(db: &Db, event: NewEvent) -> Result<(), Error> {
    append_all(db, vec![event]).await
}

async fn append_all(db: &Db, events: Vec<NewEvent>) -> Result<(), Error> {
    let append_all = async |tx: &Tx, events: &Vec<NewEvent>| outbox::append_all(tx, events).await;
    db.write(Isolation::Serializable, events, append_all).await
}

/// Has a consumer handle an event, and returns whether it is the first time.
async fn handle(db: &Db, consumer: &'static str, id: EventId, now: Timestamp) -> bool {
    db.write(Isolation::Serializable, (consumer, id, now), is_first).await.unwrap()
}

async fn is_first(
    tx: &Tx,
    &(consumer, id, now): &(&str, EventId, Timestamp),
) -> Result<bool, Error> {
    inbox::is_first(tx, consumer, id, now).await
}

on_each_engine! {
    async fn events_wait_in_order_until_they_are_deleted(test: TestDb) {
        let db = test.open().await;
        let events: Vec<_> = (0..10).map(|number| event(test, number)).collect();
        for event in &events {
            append(&db, event.clone()).await.unwrap();
        }
        let waiting = outbox::list(&db.read(), 4).await.unwrap();
        assert_eq!(waiting.iter().map(|event| event.event.clone()).collect::<Vec<_>>(), events[..4]);
        let seqs: Vec<i64> = waiting.iter().map(|event| event.seq).collect();
        let delete = async |tx: &Tx, seqs: &Vec<i64>| outbox::delete(tx, seqs).await;
        assert_eq!(db.write(Isolation::Serializable, seqs, delete).await, Ok(4));
        assert_eq!(outbox::list(&db.read(), 100).await.unwrap()[0].event, events[4]);
    }

    async fn an_event_is_kept_only_with_its_change(test: TestDb) {
        let db = test.open().await;
        let append_and_fail = async |tx: &Tx, event: &NewEvent| {
            outbox::append(tx, event.clone()).await?;
            Err(Error::InvalidPageToken)
        };
        let refused: Result<(), Error> = db.write(Isolation::Serializable, event(test, 1), append_and_fail).await;
        assert_eq!(refused, Err(Error::InvalidPageToken));
        assert_eq!(count(&db, "souk_outbox").await, 0);
    }

    async fn an_event_is_handled_once_by_each_consumer(test: TestDb) {
        let db = test.open().await;
        let id = EventId::new(test.clock.now());
        let now = test.clock.now();
        for (consumer, expected) in [("a", true), ("a", false), ("b", true), ("b", false)] {
            assert_eq!(handle(&db, consumer, id, now).await, expected);
        }
    }

    async fn many_events_of_one_write_keep_their_order(test: TestDb) {
        let db = test.open().await;
        let events: Vec<_> = (0..130).map(|number| event(test, number)).collect();
        append_all(&db, events.clone()).await.unwrap();
        let waiting = outbox::list(&db.read(), 1000).await.unwrap();
        assert_eq!(waiting.into_iter().map(|event| event.event).collect::<Vec<_>>(), events);
    }

    async fn a_refused_event_is_kept_and_holds_nobody_up(test: TestDb) {
        let db = test.open().await;
        let refused = event(test, 1);
        let next = event(test, 2);
        append(&db, refused).await.unwrap();
        append(&db, next.clone()).await.unwrap();
        let seq = outbox::list(&db.read(), 1).await.unwrap()[0].seq;
        let refuse = async |tx: &Tx, seq: &i64| outbox::refuse(tx, *seq, "too large").await;
        db.write(Isolation::Serializable, seq, refuse).await.unwrap();
        let waiting = outbox::list(&db.read(), 10).await.unwrap();
        assert_eq!(waiting.iter().map(|event| &event.event).collect::<Vec<_>>(), [&next]);
        assert_eq!((outbox::refused(&db.read()).await, count(&db, "souk_outbox").await), (Ok(1), 2));
    }

    async fn one_replica_at_a_time_may_empty_the_outbox(test: TestDb) {
        let db = test.open().await;
        if db.engine() == Engine::Sqlite {
            assert_eq!(outbox::claim(&db, "a", 60).await, Ok(true));
            return;
        }
        assert_eq!(outbox::claim(&db, "a", 60).await, Ok(true));
        assert_eq!(outbox::claim(&db, "b", 60).await, Ok(false));
        assert_eq!(outbox::claim(&db, "a", 60).await, Ok(true), "whoever has it may keep it");
        outbox::release(&db, "b").await.unwrap();
        assert_eq!(outbox::claim(&db, "b", 60).await, Ok(false), "only its holder can give it back");
        outbox::release(&db, "a").await.unwrap();
        assert_eq!(outbox::claim(&db, "b", 60).await, Ok(true));
    }

    async fn events_that_wait_for_the_bus_are_never_purged_unless_it_is_set(test: TestDb) {
        let db = test.open().await;
        append(&db, event(test, 1)).await.unwrap();
        test.clock.advance(1000 * DAY);
        assert_eq!(db.purge(test.clock.now()).await.unwrap().outbox, 0);
    }

    async fn a_purge_deletes_what_is_too_old_and_nothing_else(test: TestDb) {
        let db = test.open_keeping_events(7).await;
        add_counter(&db, 1, 0).await.unwrap();
        for number in 0..3 {
            let key = RequestKey::new("user:alice", "/Method", format!("r{number}"), &String::new());
            let answer = async |_: &Tx, (): &()| Ok::<_, Error>("x".to_owned());
            db.write_once(key, Isolation::Serializable, (), answer).await.unwrap();
            append(&db, event(test, number)).await.unwrap();
            handle(&db, "a", EventId::new(test.clock.now()), test.clock.now()).await;
            test.clock.advance(3 * DAY);
        }
        // Made 9, 6 and 3 days ago.
        let purged = db.purge(test.clock.now()).await.unwrap();
        assert_eq!(purged, Purged { requests: 1, outbox: 1, inbox: 0, operations: 0, more: false });
        test.clock.advance(30 * DAY);
        let purged = db.purge(test.clock.now()).await.unwrap();
        assert_eq!(purged, Purged { requests: 2, outbox: 2, inbox: 3, operations: 0, more: false });
        for table in ["souk_requests", "souk_outbox", "souk_inbox"] {
            assert_eq!(count(&db, table).await, 0);
        }
        assert_eq!(count(&db, "counters").await, 1);
    }

    async fn a_purge_of_many_rows_goes_in_small_writes(test: TestDb) {
        let db = test.open_keeping_events(7).await;
        append_all(&db, (0..1700).map(|number| event(test, number)).collect()).await.unwrap();
        let commits = *db.committed().borrow();
        test.clock.advance(8 * DAY);
        assert_eq!(db.purge(test.clock.now()).await.unwrap().outbox, 1700);
        assert!(*db.committed().borrow() - commits >= 4);
    }

    async fn page_tokens_outlive_a_restart(test: TestDb) {
        let token = test.open().await.page_tokens().issue(&["List", "user:alice"], &[5i64.into()]);
        let db = test.open().await;
        let cursor = db.page_tokens().open(&["List", "user:alice"], &token).unwrap().unwrap();
        assert_eq!(cursor.get::<i64>(0), Ok(5));
        assert_eq!(db.page_tokens().open(&["List", "user:bob"], &token), Err(Error::InvalidPageToken));
    }
}
