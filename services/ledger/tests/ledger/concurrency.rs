//! Many batches at once on few accounts: nothing is lost, doubled or overdrawn, and no call fails
//! because of the others.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::{Status, TestLedger, create, linked, pending, post, transfer, void};

on_each_engine! {
    async fn concurrent_batches_on_hot_accounts_never_overdraw_one(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        assert_eq!(ledger.create(vec![transfer("funds", "a", "debt", 1000)]).await, [Status::Created]);
        let callers: Vec<_> = (0..16)
            .map(|caller| {
                let client = ledger.client.clone();
                tokio::spawn(async move {
                    let mut spent = 0;
                    for round in 0..10 {
                        // Accounts in both orders, so that careless locking would deadlock.
                        let batch = (0..10).map(|n| {
                            let name = format!("{caller} {round} {n}");
                            if (caller + n) % 2 == 0 { transfer(&name, "debt", "b", 1) } else { transfer(&name, "b", "a", 1) }
                        });
                        let batch: Vec<_> = batch.collect();
                        for (new, status) in batch.iter().zip(create(&client, batch.clone()).await) {
                            assert!(matches!(status, Status::Created | Status::ExceedsCredits), "{status:?}");
                            let is_spending = new.debit_account_id == crate::support::account("debt");
                            spent += i64::from(status == Status::Created && is_spending);
                        }
                    }
                    spent
                })
            })
            .collect();
        let mut spent = 0;
        for caller in callers {
            spent += caller.await.unwrap();
        }
        assert_eq!(spent, 800);
        assert_eq!(ledger.sums("debt").await, (0, 800, 0, 1000));
        ledger.finish().await;
    }

    async fn of_many_who_resolve_one_pending_transfer_one_wins(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        for round in 0..5 {
            let name = format!("p {round}");
            assert_eq!(ledger.create(vec![pending(&name, 100, 0)]).await, [Status::Created]);
            let callers: Vec<_> = (0..12)
                .map(|caller| {
                    let client = ledger.client.clone();
                    let own = format!("{round} {caller}");
                    let resolution = if caller % 2 == 0 { post(&own, &name, 1 + caller) } else { void(&own, &name) };
                    tokio::spawn(async move { create(&client, vec![resolution]).await[0] })
                })
                .collect();
            let mut created = 0;
            for caller in callers {
                let status = caller.await.unwrap();
                created += u32::from(status == Status::Created);
                assert!(matches!(status, Status::Created | Status::PendingTransferAlreadyPosted | Status::PendingTransferAlreadyVoided));
            }
            assert_eq!(created, 1);
        }
        ledger.finish().await;
    }

    async fn one_batch_sent_by_many_at_once_is_created_once(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let batch: Vec<_> = (0..40)
            .map(|n| {
                let new = transfer(&n.to_string(), if n % 3 == 0 { "a" } else { "b" }, "debt", 1);
                if n % 2 == 0 { linked(new) } else { new }
            })
            .collect();
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let client = ledger.client.clone();
                let batch = batch.clone();
                tokio::spawn(async move { create(&client, batch).await })
            })
            .collect();
        let mut created = 0;
        for caller in callers {
            for status in caller.await.unwrap() {
                assert!(matches!(status, Status::Created | Status::Exists), "{status:?}");
                created += u32::from(status == Status::Created);
            }
        }
        assert_eq!(created, 40);
        assert_eq!(ledger.account("debt").await.credits_posted, 40);
        ledger.finish().await;
    }

    async fn one_id_used_at_once_for_different_transfers_goes_to_one_of_them(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        for round in 0..10 {
            let id = format!("contested {round}");
            // No account is shared, so nothing but the id keeps them apart.
            let contenders = [transfer(&id, "a", "b", 1), transfer(&id, "asset", "debt", 2)];
            let callers = contenders.map(|contender: pb::NewTransfer| {
                let client = ledger.client.clone();
                tokio::spawn(async move { create(&client, vec![contender]).await[0] })
            });
            let mut statuses = Vec::new();
            for caller in callers {
                statuses.push(caller.await.unwrap());
            }
            statuses.sort_by_key(|status| i32::from(*status));
            assert_eq!(statuses, [Status::Created, Status::ExistsWithDifferentDebitAccountId]);
        }
        ledger.finish().await;
    }
}
