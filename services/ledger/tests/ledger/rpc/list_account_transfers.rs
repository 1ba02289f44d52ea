//! ListAccountTransfers.

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
