//! GetAccountBalance.

use std::time::Duration;

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use souk_types::Timestamp;
use tonic::Code;

use crate::support::{Status, TestLedger, account, pending, post, transfer, transfer_id};

async fn at(
    ledger: &TestLedger,
    name: &str,
    at: Option<i64>,
    axis: pb::TimeAxis,
) -> pb::AccountBalance {
    let request = pb::GetAccountBalanceRequest {
        account_id: account(name),
        at_time: at.map(|micros| Timestamp::from_micros(micros).into()),
        time_axis: axis.into(),
    };
    ledger.client.clone().get_account_balance(request).await.unwrap().into_inner().balance.unwrap()
}

fn micros(time: Option<prost_types::Timestamp>) -> i64 {
    Timestamp::try_from(time.unwrap()).unwrap().as_micros()
}

on_each_engine! {
    async fn the_balance_at_every_moment_of_a_long_history_is_what_it_was(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let nothing = pb::AccountBalance { currency_code: "GBP".into(), ..Default::default() };
        let mut moments = vec![(0, nothing)];
        for batch in 0..30i64 {
            // More transfers of the account than between two checkpoints, and fewer, and pending
            // ones.
            let transfers: Vec<_> = (0..1 + batch * 7 % 90).map(|n| transfer(&format!("{batch} {n}"), "a", "b", 1 + n)).collect();
            ledger.create(transfers).await;
            let last = format!("p {batch}");
            ledger.create(vec![pending(&last, 5, 0)]).await;
            if batch % 2 == 1 {
                assert_eq!(ledger.create(vec![post(&format!("r {batch}"), &format!("p {}", batch - 1), 2)]).await, [Status::Created]);
            }
            let last = if batch % 2 == 1 { format!("r {batch}") } else { last };
            let time = micros(ledger.transfer(&last).await.unwrap().create_time);
            moments.push((time, at(&ledger, "b", None, pb::TimeAxis::Unspecified).await));
        }
        assert!(moments.last().unwrap().1.credits_posted > 1000);
        for (moment, balance) in &moments {
            assert_eq!(at(&ledger, "b", Some(*moment), pb::TimeAxis::Recorded).await, *balance);
        }
        // Nothing was imported, so both times agree.
        for (moment, balance) in moments.iter().step_by(7) {
            assert_eq!(at(&ledger, "b", Some(*moment), pb::TimeAxis::Effective).await, *balance);
        }
        let earlier = moments[5].0 - 1;
        assert_ne!(at(&ledger, "b", Some(earlier), pb::TimeAxis::Recorded).await, moments[5].1);
        ledger.finish().await;
    }

    async fn imported_history_counts_when_it_happened_or_when_it_was_recorded(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let day = 86_400;
        let on = |name: &str, days: i64, amount| pb::NewTransfer {
            effective_time: Some(prost_types::Timestamp { seconds: days * day, nanos: 0 }),
            ..transfer(name, "a", "b", amount)
        };
        assert_eq!(ledger.create(vec![on("3", 30, 100), on("1", 10, 1), on("2", 20, 10)]).await, [Status::Created; 3]);
        for (days, expected) in [(9, 0), (10, 1), (15, 1), (20, 11), (30, 111)] {
            let micros = days * day * 1_000_000;
            assert_eq!(at(&ledger, "b", Some(micros), pb::TimeAxis::Effective).await.credits_posted, expected);
            assert_eq!(at(&ledger, "b", Some(micros), pb::TimeAxis::Recorded).await.credits_posted, 0);
        }
        assert_eq!(at(&ledger, "b", None, pb::TimeAxis::Effective).await.credits_posted, 111);
        ledger.finish().await;
    }

    async fn a_balance_by_effective_time_reads_only_what_was_recorded_since(engine: Engine) {
        let (ledger, clock) = TestLedger::start_with_clock(engine).await;
        let start = clock.now().as_micros();
        assert_eq!(ledger.create(vec![transfer("first", "a", "b", 7)]).await, [Status::Created]);
        clock.advance(Duration::from_secs(3600));
        let mut left = 100_001;
        while left > 0 {
            let size = left.min(8190);
            let batch: Vec<_> = (0..size).map(|n| transfer(&format!("{left} {n}"), "a", "b", 1)).collect();
            assert_eq!(ledger.create(batch).await, vec![Status::Created; size]);
            left -= size;
        }
        let request = |micros, axis: pb::TimeAxis| pb::GetAccountBalanceRequest {
            account_id: account("b"),
            at_time: Some(Timestamp::from_micros(micros).into()),
            time_axis: axis.into(),
        };
        let mut client = ledger.client.clone();
        let status = client.get_account_balance(request(start, pb::TimeAxis::Effective)).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::FailedPrecondition, "ERROR_REASON_TOO_FAR_BACK"));
        assert_eq!(at(&ledger, "b", Some(start), pb::TimeAxis::Recorded).await.credits_posted, 7);
        let now = clock.now().as_micros() + 60_000_000;
        assert_eq!(at(&ledger, "b", Some(now), pb::TimeAxis::Effective).await.credits_posted, 100_008);
        ledger.finish().await;
    }

    async fn an_unknown_account_a_time_out_of_range_and_an_unknown_axis_are_refused(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let good = pb::GetAccountBalanceRequest { account_id: account("a"), ..Default::default() };
        let nobody = pb::GetAccountBalanceRequest { account_id: account("nobody"), ..Default::default() };
        let status = ledger.client.get_account_balance(nobody).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::NotFound, "ERROR_REASON_ACCOUNT_NOT_FOUND"));
        let far = Some(prost_types::Timestamp { seconds: 300_000_000_000, nanos: 0 });
        for wrong in [
            pb::GetAccountBalanceRequest { at_time: far, ..good.clone() },
            pb::GetAccountBalanceRequest { time_axis: 9, ..good.clone() },
            pb::GetAccountBalanceRequest { account_id: transfer_id("a"), ..good },
        ] {
            let status = ledger.client.get_account_balance(wrong).await.unwrap_err();
            assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD"));
        }
        ledger.finish().await;
    }
}
