//! A full disk and callers that go away: nothing acknowledged is lost, nothing half done is kept or remembered.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{Status, TestLedger, create, transfer};

#[test]
fn a_full_disk_refuses_writes_and_loses_none_that_was_acknowledged() {
    souk_testkit::run(async {
        let mut ledger = TestLedger::start_with_room(600 << 10).await;
        let (mut acknowledged, mut refused) = (0, 0);
        for round in 0..60 {
            // Batches shrink, so that some still fit after the first that does not.
            let size = 200 - 3 * round;
            let transfers = (0..size).map(|n| transfer(&format!("{round} {n}"), "a", "b", 1)).collect();
            match ledger.client.create_transfers(pb::CreateTransfersRequest { transfers }).await {
                Ok(answer) => {
                    assert!(answer.into_inner().results.iter().all(|result| result.status() == Status::Created));
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
        // What became of the calls of those who left is unknown to them, and all of it or nothing.
        assert!((150..=300).contains(&ledger.sums("a").await.1));
        ledger.finish().await;
    }
}
