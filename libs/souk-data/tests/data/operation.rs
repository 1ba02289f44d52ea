//! Operations: started once per request, advanced step by step, ended once, kept for a while.

use std::time::Duration;

use souk_data::operation::{self, Ending, Model, NewOperation};
use souk_data::{Db, Error, Isolation, Tx};
use souk_types::{OperationId, Timestamp};

use crate::support::{TestDb, count, on_each_engine};

const METHOD: &str = "/souk.proving.v1.ProvingService/Prove";
const OTHER: &str = "/souk.proving.v1.ProvingService/Disprove";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn new(test: &TestDb, request_id: &str) -> NewOperation {
    NewOperation {
        id: OperationId::new(test.clock.now()),
        method: METHOD,
        caller: "staff:ann".to_owned(),
        request_id: request_id.to_owned(),
        request_hash: vec![1],
        metadata: vec![0],
    }
}

async fn start(test: &TestDb, db: &Db, new: NewOperation) -> Result<Model, Error> {
    let now = test.clock.now();
    let start = async |tx: &Tx, (new, now): &(NewOperation, Timestamp)| {
        operation::start(tx, new, *now).await
    };
    db.write(Isolation::Serializable, (new, now), start).await
}

/// Moves an operation from one position to another.
async fn advance(test: &TestDb, db: &Db, id: OperationId, steps: (i64, i64)) -> Result<(), Error> {
    let now = test.clock.now();
    let input = (id, steps, now);
    let advance = async |tx: &Tx, &(id, steps, now): &(OperationId, (i64, i64), Timestamp)| {
        operation::advance(tx, id, steps, &[steps.1 as u8], now).await
    };
    db.write(Isolation::Serializable, input, advance).await
}

async fn finish(test: &TestDb, db: &Db, id: OperationId, ending: Ending) {
    let now = test.clock.now();
    let finish = async |tx: &Tx, (id, ending, now): &(OperationId, Ending, Timestamp)| {
        operation::finish(tx, *id, ending, *now).await
    };
    db.write(Isolation::Serializable, (id, ending, now), finish).await.unwrap();
}

async fn cancel(test: &TestDb, db: &Db, id: OperationId) {
    let now = test.clock.now();
    let cancel =
        async |tx: &Tx, &(id, now): &(OperationId, Timestamp)| operation::cancel(tx, id, now).await;
    db.write(Isolation::Serializable, (id, now), cancel).await.unwrap();
}

async fn found(db: &Db, id: OperationId) -> Model {
    operation::find(&db.read(), id).await.unwrap().unwrap()
}

on_each_engine! {
    async fn a_request_starts_one_operation_and_the_same_id_for_another_is_refused(test: TestDb) {
        let db = test.open().await;
        let first = start(test, &db, new(test, "r1")).await.unwrap();
        test.clock.advance(DAY);
        assert_eq!(start(test, &db, new(test, "r1")).await.unwrap(), first);
        let other = NewOperation { request_hash: vec![2], ..new(test, "r1") };
        assert_eq!(start(test, &db, other).await, Err(Error::RequestIdReused("r1".into())));
        assert_eq!(count(&db, "souk_operations").await, 1);
    }

    async fn a_step_that_was_done_before_is_not_done_again(test: TestDb) {
        let db = test.open().await;
        let id = start(test, &db, new(test, "r1")).await.unwrap().operation_id;
        advance(test, &db, id, (0, 200)).await.unwrap();
        assert_eq!(advance(test, &db, id, (0, 200)).await, Err(Error::Conflict));
        advance(test, &db, id, (200, 250)).await.unwrap();
        let operation = found(&db, id).await;
        assert_eq!((operation.position, operation.metadata), (250, vec![250]));
    }

    async fn what_has_ended_is_over_and_stays_as_it_is(test: TestDb) {
        let db = test.open().await;
        let id = start(test, &db, new(test, "r1")).await.unwrap().operation_id;
        assert_eq!(found(&db, id).await.expire_time(), None);
        finish(test, &db, id, Ending::Response(vec![7])).await;
        let ended = found(&db, id).await;
        assert_eq!((&ended.response, &ended.error), (&Some(vec![7]), &None));
        assert_eq!(ended.expire_time(), Some(test.clock.now().plus(30 * DAY)));
        test.clock.advance(DAY);
        finish(test, &db, id, Ending::Error(vec![8])).await;
        cancel(test, &db, id).await;
        assert_eq!(advance(test, &db, id, (0, 1)).await, Err(Error::Conflict));
        assert_eq!(found(&db, id).await, ended);
    }

    async fn the_oldest_that_is_not_done_is_next_and_a_cancelled_one_is_marked_once(test: TestDb) {
        let db = test.open().await;
        let mut ids = vec![];
        for request in ["r1", "r2"] {
            let operation = start(test, &db, new(test, request)).await.unwrap();
            ids.push(operation.operation_id);
            test.clock.advance(DAY);
        }
        let next = async || operation::next(&db.read(), METHOD).await.unwrap().unwrap().operation_id;
        assert_eq!(next().await, ids[0]);
        cancel(test, &db, ids[0]).await;
        let marked = found(&db, ids[0]).await.cancel_time;
        test.clock.advance(DAY);
        cancel(test, &db, ids[0]).await;
        assert!(marked.is_some());
        assert_eq!(found(&db, ids[0]).await.cancel_time, marked);
        finish(test, &db, ids[0], Ending::Error(vec![1])).await;
        assert_eq!(next().await, ids[1]);
        assert_eq!(operation::next(&db.read(), OTHER).await, Ok(None));
    }

    async fn a_list_has_what_the_methods_started_newest_first(test: TestDb) {
        let db = test.open().await;
        let mut ids = vec![];
        for (request, method) in [("r1", METHOD), ("r2", OTHER), ("r3", METHOD)] {
            let new = NewOperation { method, ..new(test, request) };
            ids.push(start(test, &db, new).await.unwrap().operation_id);
            test.clock.advance(DAY);
        }
        let list = async |methods: &[&str], after, limit| -> Vec<OperationId> {
            let found = operation::list(&db.read(), methods, after, limit).await.unwrap();
            found.iter().map(|operation| operation.operation_id).collect()
        };
        assert_eq!(list(&[METHOD, OTHER], None, 10).await, [ids[2], ids[1], ids[0]]);
        assert_eq!(list(&[METHOD], None, 10).await, [ids[2], ids[0]]);
        assert_eq!(list(&[METHOD], Some(ids[2]), 10).await, [ids[0]]);
        assert_eq!(list(&[], None, 10).await, []);
        assert_eq!(list(&[METHOD, OTHER], None, 1).await, [ids[2]]);
    }

    async fn it_is_deleted_thirty_days_after_its_end_and_never_before(test: TestDb) {
        let db = test.open().await;
        let ended = start(test, &db, new(test, "r1")).await.unwrap().operation_id;
        start(test, &db, new(test, "r2")).await.unwrap();
        test.clock.advance(100 * DAY);
        finish(test, &db, ended, Ending::Response(vec![])).await;
        test.clock.advance(29 * DAY);
        assert_eq!(db.purge(test.clock.now()).await.unwrap().operations, 0);
        test.clock.advance(2 * DAY);
        assert_eq!(db.purge(test.clock.now()).await.unwrap().operations, 1);
        assert_eq!(operation::find(&db.read(), ended).await, Ok(None));
        assert_eq!(count(&db, "souk_operations").await, 1);
    }
}
