//! A repeated request has one effect and one answer.

use souk_contract::{Call, Caller, Deadline, Method, RequestId};
use souk_data::{Db, Error, Isolation, RequestKey, Tx};

use crate::support::{add_counter, count, counter, on_each_engine};

fn key(caller: &str, id: &str, body: &str) -> RequestKey {
    RequestKey::new(caller, "/souk.proving.v1.ProvingService/Add", id, &body.to_owned())
}

/// A request that names whose counter it is.
#[derive(Clone, PartialEq, prost::Message)]
struct Add {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(string, tag = "2")]
    customer_id: String,
}

impl RequestId for Add {
    fn take_request_id(&mut self) -> String {
        std::mem::take(&mut self.request_id)
    }
}

struct AddMethod;

impl Method for AddMethod {
    const PATH: &'static str = "/souk.proving.v1.ProvingService/Add";
    const OWN: &'static str = "customer_id";
    type Input = Add;
    type Output = ();

    fn customer(request: &mut Add) -> Option<&mut String> {
        Some(&mut request.customer_id)
    }
}

fn key_of(caller: Caller, customer_id: String) -> RequestKey {
    let request = Add { request_id: "r1".to_owned(), customer_id };
    let deadline = Deadline::after(std::time::Duration::from_secs(1));
    RequestKey::of::<AddMethod>(&mut Call { request, caller, deadline })
}

/// Adds one to counter 1 and answers its value as text.
async fn add(db: &Db, key: RequestKey) -> Result<String, Error> {
    db.write_once(key, Isolation::Serializable, (), increment).await
}

async fn increment(tx: &Tx, (): &()) -> Result<String, Error> {
    tx.execute("UPDATE counters SET value = value + 1 WHERE id = 1", &[]).await?;
    let row = tx
        .query_row("SELECT value FROM counters WHERE id = 1", &[])
        .await?
        .expect("the counter exists");
    Ok(row.get::<i64>("value")?.to_string())
}

/// Adds one to counter 1, and refuses afterwards if it is told to.
async fn increment_or_refuse(tx: &Tx, refuses: &bool) -> Result<String, Error> {
    increment(tx, &()).await?;
    if *refuses { Err(Error::InvalidPageToken) } else { Ok("done".to_owned()) }
}

on_each_engine! {
    async fn repeating_a_request_gives_the_first_answer(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        assert_eq!(add(&db, key("user:alice", "r1", "body")).await.unwrap(), "1");
        assert_eq!(add(&db, key("user:alice", "r1", "body")).await.unwrap(), "1");
        assert_eq!(add(&db, key("user:alice", "r2", "body")).await.unwrap(), "2");
        assert_eq!(add(&db, key("user:bob", "r1", "body")).await.unwrap(), "3");
        drop(db);
        let db = test.open().await;
        assert_eq!(add(&db, key("user:alice", "r1", "body")).await.unwrap(), "1");
        assert_eq!(counter(&db.read(), 1).await, Some(3));
    }

    async fn a_customer_keeps_its_requests_whoever_sends_them(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        let alice = Caller::user("alice");
        let customer = alice.customer().unwrap().to_string();
        let pos = Caller::Service("pos".into());
        let first = add(&db, key_of(alice, customer.clone())).await;
        assert_eq!(first.unwrap(), "1");
        assert_eq!(add(&db, key_of(pos.clone(), customer)).await.unwrap(), "1");
        assert_eq!(add(&db, key_of(pos, String::new())).await.unwrap(), "2");
    }

    async fn another_request_by_the_same_id_is_refused(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        add(&db, key("user:alice", "r1", "body")).await.unwrap();
        let other = add(&db, key("user:alice", "r1", "other body")).await;
        assert_eq!(other, Err(Error::RequestIdReused("r1".into())));
        assert_eq!(counter(&db.read(), 1).await, Some(1));
    }

    async fn a_refusal_is_evaluated_anew(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        for refuses in [true, false, false] {
            let key = key("user:alice", "r1", "body");
            let answer = db.write_once(key, Isolation::Serializable, refuses, increment_or_refuse).await;
            let expected = if refuses { Err(Error::InvalidPageToken) } else { Ok("done".to_owned()) };
            assert_eq!(answer, expected);
        }
        assert_eq!(counter(&db.read(), 1).await, Some(1));
    }

    async fn the_same_request_many_times_at_once_has_one_effect(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        for (round, isolation) in [Isolation::Serializable, Isolation::ReadCommitted].into_iter().enumerate() {
            let expected = (round + 1).to_string();
            let callers: Vec<_> = (0..20).map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let key = key("user:alice", &format!("round {round}"), "body");
                    db.write_once(key, isolation, (), increment).await
                })
            }).collect();
            for caller in callers {
                assert_eq!(caller.await.unwrap().as_ref(), Ok(&expected));
            }
            assert_eq!(counter(&db.read(), 1).await, Some(round as i64 + 1));
        }
        assert_eq!(count(&db, "souk_requests").await, 2);
    }
}
