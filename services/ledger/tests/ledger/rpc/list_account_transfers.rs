//! ListAccountTransfers.

use std::time::Duration;

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{Status, TestLedger, account, pending, post, transfer, transfer_id};

async fn all(ledger: &mut TestLedger, name: &str, page_size: i32) -> Vec<pb::Transfer> {
    let mut request = pb::ListAccountTransfersRequest {
        account_id: account(name),
        page_size,
        ..Default::default()
    };
    let mut transfers = Vec::new();
    loop {
        let page =
            ledger.client.list_account_transfers(request.clone()).await.unwrap().into_inner();
        assert!(page.transfers.len() <= page_size as usize);
        transfers.extend(page.transfers);
        if page.next_page_token.is_empty() {
            return transfers;
        }
        request.page_token = page.next_page_token;
    }
}

on_each_engine! {
    async fn a_history_holds_every_transfer_of_its_account_newest_first(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let mut expected = Vec::new();
        for batch in 0..5 {
            let transfers: Vec<_> = (0..60)
                .map(|n| {
                    let name = format!("{batch} {n}");
                    match n % 3 {
                        0 => transfer(&name, "a", "b", 1 + n),
                        1 => transfer(&name, "debt", "a", 0),
                        _ => transfer(&name, "b", "debt", 1 + n),
                    }
                })
                .collect();
            let statuses = ledger.create(transfers.clone()).await;
            for (transfer, status) in transfers.iter().zip(statuses) {
                if status == Status::Created && [&transfer.debit_account_id, &transfer.credit_account_id].contains(&&account("b")) {
                    expected.push(transfer.transfer_id.clone());
                }
            }
        }
        expected.reverse();
        assert_eq!(expected.len(), 200);
        for page_size in [7, 100, 200, 1000] {
            let listed = all(&mut ledger, "b", page_size).await;
            assert_eq!(listed.iter().map(|transfer| transfer.transfer_id.clone()).collect::<Vec<_>>(), expected);
        }
        assert_eq!(all(&mut ledger, "asset", 10).await, []);
        ledger.finish().await;
    }

    async fn new_transfers_do_not_disturb_a_list_that_is_being_read(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        ledger.create(names.iter().map(|name| transfer(name, "a", "b", 1)).collect()).await;
        let mut request = pb::ListAccountTransfersRequest { account_id: account("a"), page_size: 10, ..Default::default() };
        let first = ledger.client.list_account_transfers(request.clone()).await.unwrap().into_inner();
        ledger.create(vec![transfer("later", "b", "a", 1)]).await;
        request.page_token = first.next_page_token;
        let second = ledger.client.list_account_transfers(request.clone()).await.unwrap().into_inner();
        let listed: Vec<_> = first.transfers.iter().chain(&second.transfers).map(|transfer| transfer.transfer_id.clone()).collect();
        assert_eq!(listed, names.iter().rev().map(|name| transfer_id(name)).collect::<Vec<_>>());
        ledger.finish().await;
    }

    async fn a_pending_transfer_and_its_resolution_both_stand_in_the_history(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        assert_eq!(ledger.create(vec![pending("p", 9, 0), post("r", "p", 4)]).await, [Status::Created; 2]);
        let listed = all(&mut ledger, "b", 10).await;
        assert_eq!(listed.iter().map(|transfer| transfer.amount).collect::<Vec<_>>(), [4, 9]);
        assert_eq!(listed[1].pending_state(), pb::PendingState::Posted);
        ledger.finish().await;
    }

    async fn a_history_can_be_asked_by_side_time_code_and_user_data(engine: Engine) {
        let (mut ledger, clock) = TestLedger::start_with_clock(engine).await;
        // A minute apart, so that a time names one; more of them than lie between two checkpoints.
        let start = clock.now();
        for n in 0..200u32 {
            let (debit, credit) = if n % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let new = pb::NewTransfer {
                code: 1 + n % 5,
                user_data: format!("order {}", n / 10),
                effective_time: Some(start.minus(Duration::from_secs(86_400 * u64::from(n))).into()),
                ..transfer(&n.to_string(), debit, credit, 1 + i64::from(n))
            };
            assert_eq!(ledger.create(vec![new]).await, [Status::Created]);
            clock.advance(Duration::from_secs(60));
        }
        let minute = |n: u64| Some(start.plus(Duration::from_secs(60 * n)).into());
        let days_before = |n: u64| Some(start.minus(Duration::from_secs(86_400 * n)).into());
        let asked = pb::ListAccountTransfersRequest { account_id: account("a"), page_size: 7, ..Default::default() };
        let cases: [(pb::ListAccountTransfersRequest, &dyn Fn(u64) -> bool); 8] = [
            (asked.clone(), &|_| true),
            (pb::ListAccountTransfersRequest { side: pb::TransferSide::Debit.into(), ..asked.clone() }, &|n| n % 2 == 0),
            (pb::ListAccountTransfersRequest { side: pb::TransferSide::Credit.into(), code: 2, ..asked.clone() }, &|n| n % 10 == 1),
            (pb::ListAccountTransfersRequest { user_data: "order 3".into(), ..asked.clone() }, &|n| n / 10 == 3),
            (pb::ListAccountTransfersRequest { create_time_after: minute(20), create_time_before: minute(150), ..asked.clone() }, &|n| (20..150).contains(&n)),
            (pb::ListAccountTransfersRequest { create_time_before: minute(3), ..asked.clone() }, &|n| n < 3),
            (pb::ListAccountTransfersRequest { effective_time_after: days_before(30), effective_time_before: days_before(9), ..asked.clone() }, &|n| (10..=30).contains(&n)),
            (pb::ListAccountTransfersRequest { create_time_after: minute(500), ..asked.clone() }, &|_| false),
        ];
        for (mut request, is_expected) in cases {
            let mut amounts = Vec::new();
            loop {
                let page = ledger.client.list_account_transfers(request.clone()).await.unwrap().into_inner();
                amounts.extend(page.transfers.iter().map(|transfer| transfer.amount as u64 - 1));
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            assert_eq!(amounts, (0..200).rev().filter(|n| is_expected(*n)).collect::<Vec<_>>(), "{request:?}");
        }
        ledger.finish().await;
    }

    async fn a_page_of_a_history_looks_at_so_many_transfers_and_goes_on(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let first = pb::NewTransfer { code: 9, ..transfer("first", "a", "b", 1) };
        ledger.create(vec![first]).await;
        for batch in 0..3 {
            let many: Vec<_> = (0..4000).map(|n| transfer(&format!("{batch} {n}"), "a", "b", 1)).collect();
            ledger.create(many).await;
        }
        let mut request = pb::ListAccountTransfersRequest { account_id: account("a"), code: 9, ..Default::default() };
        let page = ledger.client.list_account_transfers(request.clone()).await.unwrap().into_inner();
        assert!(page.transfers.is_empty() && !page.next_page_token.is_empty());
        request.page_token = page.next_page_token;
        let page = ledger.client.list_account_transfers(request).await.unwrap().into_inner();
        assert_eq!((page.transfers.len(), page.next_page_token.as_str()), (1, ""));

        let mut request = pb::ListTransfersRequest { code: 9, ..Default::default() };
        let page = ledger.client.list_transfers(request.clone()).await.unwrap().into_inner();
        assert!(page.transfers.is_empty() && !page.next_page_token.is_empty());
        request.page_token = page.next_page_token;
        let page = ledger.client.list_transfers(request).await.unwrap().into_inner();
        assert_eq!((page.transfers.len(), page.next_page_token.as_str()), (1, ""));
        ledger.finish().await;
    }

    async fn an_unknown_account_and_a_foreign_token_are_refused(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let request = pb::ListAccountTransfersRequest { account_id: account("nobody"), ..Default::default() };
        let status = ledger.client.list_account_transfers(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::NotFound, "ERROR_REASON_ACCOUNT_NOT_FOUND"));

        ledger.create(vec![transfer("1", "a", "b", 1), transfer("2", "a", "b", 1)]).await;
        let request = pb::ListAccountTransfersRequest { account_id: account("a"), page_size: 1, ..Default::default() };
        let page_token = ledger.client.list_account_transfers(request).await.unwrap().into_inner().next_page_token;
        let request = pb::ListAccountTransfersRequest { account_id: account("b"), page_token, ..Default::default() };
        let status = ledger.client.list_account_transfers(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN"));
        ledger.finish().await;
    }
}
