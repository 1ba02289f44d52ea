//! CreateTransfers: batches, chains, the life of a pending transfer, repeats.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, field_violations, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{
    AccountStatus, Status, TestLedger, account, client, linked, new_account, pending, post,
    transfer, transfer_id, void,
};

on_each_engine! {
    async fn a_transfer_moves_money_once_however_often_it_is_sent(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let one = transfer("1", "a", "b", 500);
        assert_eq!(ledger.create(vec![one.clone()]).await, [Status::Created]);
        assert_eq!(ledger.create(vec![one.clone(), one.clone()]).await, [Status::Exists; 2]);
        ledger.service.restart().await;
        ledger.client = client(&ledger.service, &Caller::Service("payments".into()));
        assert_eq!(ledger.create(vec![one.clone()]).await, [Status::Exists]);
        let other = pb::NewTransfer { amount: 501, ..one };
        assert_eq!(ledger.create(vec![other]).await, [Status::ExistsWithDifferentAmount]);
        assert_eq!((ledger.sums("a").await, ledger.sums("b").await), ((0, 500, 0, 0), (0, 0, 0, 500)));
        ledger.finish().await;
    }

    async fn a_refused_transfer_leaves_the_others_of_its_batch_alone(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let batch = vec![
            transfer("1", "a", "debt", 10),
            transfer("2", "debt", "a", 11),
            transfer("3", "debt", "a", 10),
            transfer("4", "a", "nobody", 1),
            transfer("5", "a", "asset", 1),
            pb::NewTransfer { amount: 0, ..transfer("6", "a", "b", 0) },
        ];
        assert_eq!(ledger.create(batch).await, [
            Status::Created,
            Status::ExceedsCredits,
            Status::Created,
            Status::CreditAccountNotFound,
            Status::ExceedsDebits,
            Status::AmountMustNotBeZero,
        ]);
        assert_eq!(ledger.sums("debt").await, (0, 10, 0, 10));
        ledger.finish().await;
    }

    async fn what_was_refused_and_could_be_created_later_is_refused_for_ever(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let overdrawn = transfer("1", "debt", "a", 11);
        let unknown = transfer("2", "a", "nobody", 1);
        let unresolved = void("3", "p");
        let refused = vec![overdrawn.clone(), unknown.clone(), unresolved.clone(), overdrawn.clone()];
        assert_eq!(ledger.create(refused.clone()).await, [
            Status::ExceedsCredits,
            Status::CreditAccountNotFound,
            Status::PendingTransferNotFound,
            Status::IdAlreadyFailed,
        ]);
        // Now all of them could be created, by this process and by the next.
        assert_eq!(ledger.create_accounts(vec![new_account("nobody")]).await, [AccountStatus::Created]);
        let covered = vec![transfer("4", "a", "debt", 50), pending("p", 5, 0)];
        assert_eq!(ledger.create(covered).await, [Status::Created; 2]);
        assert_eq!(ledger.create(refused.clone()).await, [Status::IdAlreadyFailed; 4]);
        ledger.service.restart().await;
        ledger.client = client(&ledger.service, &Caller::Service("payments".into()));
        for new in refused {
            assert_eq!(ledger.create(vec![new]).await, [Status::IdAlreadyFailed]);
        }
        let other = transfer("1", "a", "b", 1);
        assert_eq!(ledger.create(vec![other]).await, [Status::IdAlreadyFailed], "whatever it is");
        assert_eq!(ledger.sums("debt").await, (0, 0, 0, 50));

        // It is a transfer nowhere.
        assert!(ledger.transfer("1").await.is_none());
        let all = ledger.client.list_transfers(pb::ListTransfersRequest::default()).await.unwrap().into_inner();
        assert_eq!(all.transfers.len(), 2);
        let counts = ledger.audit().await.counts;
        assert_eq!(counts[1].count, 2, "{counts:?}");

        // With a new id it is created; what can never be created needs no memory.
        assert_eq!(ledger.create(vec![transfer("5", "debt", "a", 11)]).await, [Status::Created]);
        let broken = pb::NewTransfer { code: 0, ..transfer("6", "a", "b", 1) };
        assert_eq!(ledger.create(vec![broken]).await, [Status::CodeMustNotBeZero]);
        assert_eq!(ledger.create(vec![transfer("6", "a", "b", 1)]).await, [Status::Created]);
        ledger.finish().await;
    }

    async fn of_a_refused_chain_the_cause_is_remembered_and_the_rest_is_not(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let chain = vec![linked(transfer("1", "a", "b", 1)), linked(transfer("2", "debt", "b", 2)), transfer("3", "a", "b", 3)];
        let failed = Status::LinkedEventFailed;
        assert_eq!(ledger.create(chain.clone()).await, [failed, Status::ExceedsCredits, failed]);
        assert_eq!(ledger.create(chain.clone()).await, [failed, Status::IdAlreadyFailed, failed]);
        let rest = vec![transfer("1", "a", "b", 1), chain[2].clone()];
        assert_eq!(ledger.create(rest).await, [Status::Created; 2]);
        ledger.finish().await;
    }

    async fn a_result_says_when_the_transfer_was_recorded(engine: Engine) {
        let (ledger, clock) = TestLedger::start_with_clock(engine).await;
        let results = async |transfers| {
            let request = pb::CreateTransfersRequest { transfers };
            ledger.client.clone().create_transfers(request).await.unwrap().into_inner().results
        };
        let first = clock.now();
        let one = transfer("1", "a", "b", 5);
        assert_eq!(results(vec![one.clone()]).await[0].create_time, Some(first.into()));
        clock.advance(Duration::from_secs(9));
        let batch = vec![one, transfer("2", "debt", "a", 1), transfer("3", "a", "b", 1)];
        let times: Vec<_> = results(batch).await.iter().map(|result| result.create_time).collect();
        assert_eq!(times, [Some(first.into()), None, Some(clock.now().into())]);
        assert_eq!(ledger.transfer("3").await.unwrap().create_time, times[2]);
        ledger.finish().await;
    }

    async fn what_happens_long_after_it_is_recorded_is_refused(engine: Engine) {
        let (ledger, clock) = TestLedger::start_with_clock(engine).await;
        let ahead = |name: &str, seconds| pb::NewTransfer {
            effective_time: Some(clock.now().plus(Duration::from_secs(seconds)).into()),
            ..transfer(name, "a", "b", 5)
        };
        let statuses = ledger.create(vec![ahead("1", 60), ahead("2", 61)]).await;
        assert_eq!(statuses, [Status::Created, Status::EffectiveTimeMustNotBeAhead]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(ledger.create(vec![ahead("2", 60)]).await, [Status::Created]);
        ledger.finish().await;
    }

    async fn a_linked_chain_is_created_whole_or_not_at_all(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let good = vec![linked(transfer("1", "a", "debt", 10)), linked(transfer("2", "debt", "b", 4)), transfer("3", "debt", "b", 6)];
        assert_eq!(ledger.create(good.clone()).await, [Status::Created; 3]);
        assert_eq!(ledger.create(good).await, [Status::Exists; 3]);
        let bad = vec![
            linked(transfer("4", "a", "debt", 1)),
            linked(transfer("5", "debt", "b", 2)),
            transfer("6", "a", "b", 1),
            transfer("7", "a", "b", 1),
            linked(transfer("8", "a", "b", 1)),
        ];
        assert_eq!(ledger.create(bad).await, [
            Status::LinkedEventFailed,
            Status::ExceedsCredits,
            Status::LinkedEventFailed,
            Status::Created,
            Status::LinkedEventChainOpen,
        ]);
        assert_eq!(ledger.sums("debt").await, (0, 10, 0, 10));
        assert!(ledger.transfer("4").await.is_none());
        ledger.finish().await;
    }

    async fn a_pending_transfer_is_posted_in_part_and_the_rest_set_free(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        assert_eq!(ledger.create(vec![pending("p", 100, 0)]).await, [Status::Created]);
        assert_eq!((ledger.sums("a").await, ledger.sums("b").await), ((100, 0, 0, 0), (0, 0, 100, 0)));
        assert_eq!(ledger.transfer("p").await.unwrap().pending_state(), pb::PendingState::Pending);
        assert_eq!(ledger.create(vec![post("too much", "p", 101), post("r", "p", 60)]).await, [Status::ExceedsPendingTransferAmount, Status::Created]);
        assert_eq!((ledger.sums("a").await, ledger.sums("b").await), ((0, 60, 0, 0), (0, 0, 0, 60)));
        assert_eq!(ledger.transfer("p").await.unwrap().pending_state(), pb::PendingState::Posted);
        let posted = ledger.transfer("r").await.unwrap();
        assert_eq!((posted.amount, posted.pending_id, posted.debit_account_id), (60, transfer_id("p"), account("a")));
        ledger.finish().await;
    }

    async fn a_pending_transfer_resolves_exactly_once(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let batch = vec![pending("p", 10, 0), pending("q", 20, 0), post("post p", "p", 0), void("void q", "q")];
        assert_eq!(ledger.create(batch.clone()).await, [Status::Created; 4]);
        assert_eq!(ledger.create(batch).await, [Status::Exists; 4]);
        let again = vec![post("x", "p", 1), void("y", "p"), post("z", "q", 0), void("w", "q"), void("v", "unknown")];
        assert_eq!(ledger.create(again).await, [
            Status::PendingTransferAlreadyPosted,
            Status::PendingTransferAlreadyPosted,
            Status::PendingTransferAlreadyVoided,
            Status::PendingTransferAlreadyVoided,
            Status::PendingTransferNotFound,
        ]);
        assert_eq!(ledger.sums("a").await, (0, 10, 0, 0));
        ledger.finish().await;
    }

    async fn the_time_in_the_world_is_kept_beside_the_time_of_recording(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let then = prost_types::Timestamp { seconds: 1_291_191_960, nanos: 0 };
        let imported = pb::NewTransfer { effective_time: Some(then), ..transfer("1", "a", "b", 5) };
        assert_eq!(ledger.create(vec![imported.clone(), transfer("2", "a", "b", 5)]).await, [Status::Created; 2]);
        assert_eq!(ledger.create(vec![imported.clone()]).await, [Status::Exists]);
        let other = pb::NewTransfer { effective_time: None, ..imported };
        assert_eq!(ledger.create(vec![other]).await, [Status::ExistsWithDifferentEffectiveTime]);
        let first = ledger.transfer("1").await.unwrap();
        let second = ledger.transfer("2").await.unwrap();
        assert_eq!(first.effective_time, Some(then));
        assert!(first.create_time.unwrap().seconds > then.seconds);
        assert_eq!(second.effective_time, second.create_time);
        ledger.finish().await;
    }

    async fn the_largest_batch_is_created_in_order_and_one_more_is_refused(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let batch: Vec<_> = (0..8190).map(|n| transfer(&format!("n {n}"), if n % 2 == 0 { "a" } else { "b" }, "debt", 1 + n)).collect();
        let mut too_many = batch.clone();
        too_many.push(transfer("one more", "a", "b", 1));
        let status = ledger.client.create_transfers(pb::CreateTransfersRequest { transfers: too_many }).await.unwrap_err();
        assert_eq!((status.code(), field_violations(&status)[0].field.as_str()), (Code::InvalidArgument, "transfers"));

        assert_eq!(ledger.create(batch.clone()).await, vec![Status::Created; 8190]);
        assert_eq!(ledger.create(batch).await, vec![Status::Exists; 8190]);
        let account = ledger.account("debt").await;
        assert_eq!((account.credits_posted, account.transfer_count), (8190 * 8191 / 2, 8190));
        ledger.finish().await;
    }

    async fn what_breaks_a_field_rule_or_has_no_access_changes_nothing(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let before = ledger.service.row_counts().await;
        let good = transfer("1", "a", "b", 1);
        let far = prost_types::Timestamp { seconds: 300_000_000_000, nanos: 0 };
        let wrong = [
            (vec![], "transfers"),
            (vec![pb::NewTransfer { transfer_id: String::new(), ..good.clone() }], "transfers[0].transfer_id"),
            (vec![good.clone(), pb::NewTransfer { debit_account_id: "account_x".into(), ..good.clone() }], "transfers[1].debit_account_id"),
            (vec![pb::NewTransfer { credit_account_id: account("b").to_uppercase(), ..good.clone() }], "transfers[0].credit_account_id"),
            (vec![pb::NewTransfer { amount: -1, ..good.clone() }], "transfers[0].amount"),
            (vec![pb::NewTransfer { amount: 1_000_000_000_000_001, ..good.clone() }], "transfers[0].amount"),
            (vec![pb::NewTransfer { pending_id: "p".into(), ..good.clone() }], "transfers[0].pending_id"),
            (vec![pb::NewTransfer { code: 65_536, ..good.clone() }], "transfers[0].code"),
            (vec![pb::NewTransfer { user_data: "x".repeat(129), ..good.clone() }], "transfers[0].user_data"),
            (vec![pb::NewTransfer { user_data: "a\0b".into(), ..good.clone() }], "transfers[0].user_data"),
            (vec![pb::NewTransfer { effective_time: Some(far), ..good.clone() }], "transfers[0].effective_time"),
        ];
        for (transfers, field) in wrong {
            let status = ledger.client.create_transfers(pb::CreateTransfersRequest { transfers }).await.unwrap_err();
            assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD"), "{field}");
            assert_eq!(field_violations(&status)[0].field, field);
        }
        for (caller, code) in [
            (Caller::Anonymous, Code::Unauthenticated),
            (Caller::user("alice"), Code::PermissionDenied),
        ] {
            let request = pb::CreateTransfersRequest { transfers: vec![good.clone()] };
            let status = client(&ledger.service, &caller).create_transfers(request).await.unwrap_err();
            assert_eq!(status.code(), code, "{caller}");
        }
        assert_eq!(ledger.service.row_counts().await, before);
        let staff = client(&ledger.service, &Caller::Staff("ann".into()));
        assert_eq!(crate::support::create(&staff, vec![good]).await, [Status::Created]);
        ledger.finish().await;
    }
}
