//! ListTransfers.

use std::time::Duration;

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, field_violations, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{AccountStatus, GBP, Status, TestLedger, USD, new_account, transfer};

/// Reads every page, and returns the number of each transfer.
async fn numbers(ledger: &mut TestLedger, mut request: pb::ListTransfersRequest) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let page = ledger.client.list_transfers(request.clone()).await.unwrap().into_inner();
        numbers.extend(page.transfers.iter().map(|transfer| transfer.amount as u64 - 1));
        if page.next_page_token.is_empty() {
            return numbers;
        }
        assert_eq!(page.transfers.len(), request.page_size as usize);
        request.page_token = page.next_page_token;
    }
}

on_each_engine! {
    async fn transfers_can_be_asked_by_ledger_code_user_data_and_time(engine: Engine) {
        let (mut ledger, clock) = TestLedger::start_with_clock(engine).await;
        let dollars = |name| pb::NewAccount { ledger: USD, ..new_account(name) };
        let created = ledger.create_accounts(vec![dollars("us a"), dollars("us b")]).await;
        assert_eq!(created, [AccountStatus::Created; 2]);
        let start = clock.now();
        // Ten batches of ten, a minute apart: within a batch the times are the same.
        for batch in 0..10u64 {
            let new = |n: u64| {
                let is_usd = n.is_multiple_of(4);
                let (debit, credit) = if is_usd { ("us a", "us b") } else { ("a", "b") };
                pb::NewTransfer {
                    ledger: if is_usd { USD } else { GBP },
                    code: 1 + (n % 3) as u32,
                    user_data: if n.is_multiple_of(5) { String::new() } else { format!("payment {}", n % 7) },
                    effective_time: n.is_multiple_of(2).then(|| start.minus(Duration::from_secs(86_400 * n)).into()),
                    ..transfer(&n.to_string(), debit, credit, 1 + n as i64)
                }
            };
            let statuses = ledger.create((batch * 10..batch * 10 + 10).map(new).collect()).await;
            assert_eq!(statuses, [Status::Created; 10]);
            clock.advance(Duration::from_secs(60));
        }
        let minute = |n: u64| Some(start.plus(Duration::from_secs(60 * n)).into());
        let days_before = |n: u64| Some(start.minus(Duration::from_secs(86_400 * n)).into());
        let asked = pb::ListTransfersRequest { page_size: 7, ..Default::default() };
        let is_noted = |n: u64| !n.is_multiple_of(5);
        let cases: [(pb::ListTransfersRequest, &dyn Fn(u64) -> bool); 8] = [
            (asked.clone(), &|_| true),
            (pb::ListTransfersRequest { ledger: USD, ..asked.clone() }, &|n| n % 4 == 0),
            (pb::ListTransfersRequest { ledger: GBP, code: 2, ..asked.clone() }, &|n| n % 4 != 0 && n % 3 == 1),
            (pb::ListTransfersRequest { user_data: "payment 3".into(), ..asked.clone() }, &|n| is_noted(n) && n % 7 == 3),
            (pb::ListTransfersRequest { user_data: "payment 3".into(), create_time_before: minute(5), code: 1, ..asked.clone() }, &|n| is_noted(n) && n % 7 == 3 && n < 50 && n % 3 == 0),
            (pb::ListTransfersRequest { create_time_after: minute(2), create_time_before: minute(4), ..asked.clone() }, &|n| (20..40).contains(&n)),
            (pb::ListTransfersRequest { effective_time_after: days_before(40), effective_time_before: days_before(20), ..asked.clone() }, &|n| n % 2 == 0 && (21..=40).contains(&n)),
            (pb::ListTransfersRequest { effective_time_after: minute(0), ..asked.clone() }, &|n| n % 2 == 1 || n == 0),
        ];
        for (request, is_expected) in cases {
            let expected: Vec<u64> = (0..100).filter(|n| is_expected(*n)).collect();
            let oldest_first = pb::ListTransfersRequest { order_by: "create_time".into(), ..request.clone() };
            assert_eq!(numbers(&mut ledger, oldest_first).await, expected, "{request:?}");
            let newest_first: Vec<u64> = expected.into_iter().rev().collect();
            for order_by in ["", "create_time desc"] {
                let request = pb::ListTransfersRequest { order_by: order_by.into(), ..request.clone() };
                assert_eq!(numbers(&mut ledger, request).await, newest_first);
            }
        }
        let one = pb::ListTransfersRequest { page_size: 1, ledger: USD, ..Default::default() };
        let page = ledger.client.list_transfers(one).await.unwrap().into_inner();
        assert_eq!(page.transfers[0].currency_code, "USD");
        ledger.finish().await;
    }

    async fn another_order_and_a_token_of_another_list_are_refused(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 1), transfer("2", "a", "b", 1)]).await;
        let by_amount = pb::ListTransfersRequest { order_by: "amount".into(), ..Default::default() };
        let status = ledger.client.list_transfers(by_amount).await.unwrap_err();
        assert_eq!((status.code(), field_violations(&status)[0].field.as_str()), (Code::InvalidArgument, "order_by"));

        let first = pb::ListTransfersRequest { page_size: 1, ..Default::default() };
        let page_token = ledger.client.list_transfers(first).await.unwrap().into_inner().next_page_token;
        for other in [
            pb::ListTransfersRequest { order_by: "create_time".into(), ..Default::default() },
            pb::ListTransfersRequest { code: 1, ..Default::default() },
        ] {
            let request = pb::ListTransfersRequest { page_token: page_token.clone(), ..other };
            let status = ledger.client.list_transfers(request).await.unwrap_err();
            assert_eq!(reason_of(&status), "ERROR_REASON_INVALID_PAGE_TOKEN");
        }
        ledger.finish().await;
    }
}
