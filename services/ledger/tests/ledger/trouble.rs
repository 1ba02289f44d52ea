//! A full disk and callers that go away: nothing acknowledged is lost, nothing half done is kept or
//! remembered.

use sea_orm::ConnectionTrait as _;
use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, is_available, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{Status, TestLedger, create, transfer};

#[test]
fn a_full_disk_refuses_writes_and_loses_none_that_was_acknowledged() {
    souk_testkit::run(async {
        let mut ledger = TestLedger::start_with_room(600 << 10).await;
        let mut acknowledged = 0;
        let mut refused = 0;
        for round in 0..60 {
            // Batches shrink, so that some still fit after the first that does not.
            let size = 200 - 3 * round;
            let transfers =
                (0..size).map(|n| transfer(&format!("{round} {n}"), "a", "b", 1)).collect();
            match ledger.client.create_transfers(pb::CreateTransfersRequest { transfers }).await {
                Ok(answer) => {
                    assert!(
                        answer
                            .into_inner()
                            .results
                            .iter()
                            .all(|result| result.status() == Status::Created)
                    );
                    acknowledged += size;
                }
                Err(status) => {
                    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
                    assert_eq!(reason_of(&status), "ERROR_REASON_DATABASE_FULL");
                    refused += 1;
                }
            }
            assert_eq!(ledger.sums("a").await, (0, acknowledged, 0, 0));
        }
        assert!(acknowledged > 0 && refused > 0);
        ledger.finish().await;
    });
}

on_each_engine! {
    async fn callers_that_go_away_take_no_answer_of_others_along(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let mut staying = Vec::new();
        let mut leaving = Vec::new();
        for caller in 0..60 {
            let client = ledger.client.clone();
            let call = tokio::spawn(async move {
                let mut created = 0;
                for round in 0..5 {
                    let statuses = create(&client, vec![transfer(&format!("{caller} {round}"), "a", "b", 1)]).await;
                    created += i64::from(statuses == [Status::Created]);
                }
                created
            });
            if caller % 2 == 0 { staying.push(call) } else { leaving.push(call) }
        }
        for call in &leaving {
            tokio::task::yield_now().await;
            call.abort();
        }
        let mut created = 0;
        for call in staying {
            created += call.await.expect("it got its answers");
        }
        assert_eq!(created, 150);
        // Callers that left do not know the outcome of their calls, which is all of it or nothing.
        assert!((150..=300).contains(&ledger.sums("a").await.1));
        ledger.finish().await;
    }
}

/// Makes PostgreSQL refuse to move more than this out of one account at once, which it notices when
/// the transfers are inserted.
const MOST: i64 = 500_000;

#[test]
fn a_write_that_fails_when_the_next_has_begun_takes_nothing_of_it_along() {
    if !is_available(Engine::Postgres) {
        return;
    }
    souk_testkit::run(async {
        let ledger = TestLedger::start(Engine::Postgres).await;
        let database =
            sea_orm::Database::connect(ledger.service.databases()[0].url()).await.unwrap();
        let trigger = format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too much'; END $$;
             CREATE TRIGGER refuse AFTER UPDATE ON account FOR EACH ROW
             WHEN (NEW.debits_posted - OLD.debits_posted > {MOST}) EXECUTE FUNCTION refuse();"
        );
        database.execute_unprepared(&trigger).await.unwrap();
        // Two batches do not fit into one write, so each is on its own.
        const SIZE: i64 = 4_100;
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                let client = ledger.client.clone();
                tokio::spawn(async move {
                    let mut created = 0;
                    for round in 0..9 {
                        let is_refused = (caller + round) % 3 == 0;
                        let batch = (0..SIZE).map(|n| {
                            let amount = if is_refused && n == 0 { 2 * MOST } else { 1 };
                            transfer(&format!("{caller} {round} {n}"), "a", "b", amount)
                        });
                        let request = pb::CreateTransfersRequest { transfers: batch.collect() };
                        match client.clone().create_transfers(request).await {
                            Ok(answer) => {
                                let results = answer.into_inner().results;
                                assert!(
                                    !is_refused
                                        && results
                                            .iter()
                                            .all(|result| result.status() == Status::Created)
                                );
                                created += SIZE;
                            }
                            Err(status) => assert!(is_refused, "{status:?}"),
                        }
                    }
                    created
                })
            })
            .collect();
        let mut created = 0;
        for caller in callers {
            created += caller.await.unwrap();
        }
        assert_eq!(created, 24 * SIZE);
        assert_eq!(ledger.sums("a").await, (0, created, 0, 0));
        ledger.finish().await;
    });
}
