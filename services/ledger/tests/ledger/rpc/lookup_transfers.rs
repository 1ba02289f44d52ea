//! LookupTransfers.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::{GBP, Status, TestLedger, account, pending, transfer, transfer_id, void};

on_each_engine! {
    async fn transfers_are_found_in_the_order_asked_with_all_their_fields(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let noted = pb::NewTransfer { user_data: "order 1".into(), ..transfer("1", "a", "b", 7) };
        assert_eq!(ledger.create(vec![noted, pending("p", 5, 3600), void("v", "p")]).await, [Status::Created; 3]);
        let request = pb::LookupTransfersRequest { transfer_ids: ["v", "nothing", "1", "p", "1"].map(transfer_id).into() };
        let pb::LookupTransfersResponse { transfers: found, missing_transfer_ids: missing } = ledger.client.lookup_transfers(request).await.unwrap().into_inner();
        assert_eq!(missing, [transfer_id("nothing")]);
        let [v, one, p, again] = found.as_slice() else { panic!("all but one exist: {found:?}") };
        assert_eq!((again, one.currency_code.as_str()), (one, "GBP"));
        assert_eq!((v.amount, v.pending_id.as_str(), v.ledger, v.code), (5, transfer_id("p").as_str(), GBP, 1));
        assert!(v.flags.unwrap().void_pending_transfer && !v.flags.unwrap().expired);
        assert_eq!((one.amount, one.user_data.as_str(), one.flags), (7, "order 1", Some(pb::TransferFlags::default())));
        assert_eq!((&one.debit_account_id, &one.credit_account_id), (&account("a"), &account("b")));
        assert_eq!((p.timeout_seconds, p.pending_state()), (3600, pb::PendingState::Voided));
        ledger.finish().await;
    }

    async fn whatever_a_caller_notes_comes_back_as_it_was(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let notes = ["", "NULL", "a \"b\" \\ {c,d}", "\\x00", "é 🦀 \n\t", "'; DROP TABLE transfer; --", "$1 ? %s"];
        let noted = |(n, note): (usize, &&str)| pb::NewTransfer { user_data: (*note).into(), ..transfer(&n.to_string(), "a", "b", 1) };
        let batch: Vec<_> = notes.iter().enumerate().map(noted).collect();
        assert_eq!(ledger.create(batch.clone()).await, vec![Status::Created; notes.len()]);
        assert_eq!(ledger.create(batch.clone()).await, vec![Status::Exists; notes.len()]);
        let transfer_ids = batch.into_iter().map(|new| new.transfer_id).collect();
        let found = ledger.client.lookup_transfers(pb::LookupTransfersRequest { transfer_ids }).await.unwrap().into_inner().transfers;
        assert_eq!(found.iter().map(|transfer| transfer.user_data.as_str()).collect::<Vec<_>>(), notes);
        ledger.finish().await;
    }
}
