//! Pending transfers expire with their timeout: at once for those who would post them, soon after
//! for the accounts.

use std::time::Duration;

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};

use crate::support::{PATIENCE, Status, TestLedger, account, pending, post, transfer_id, void};

on_each_engine! {
    async fn a_pending_transfer_expires_and_sets_its_amount_free(engine: Engine) {
        let (mut ledger, clock) = TestLedger::start_with_clock(engine).await;
        let batch = vec![pending("p", 10, 60), pending("q", 3, 0), pending("r", 5, 60), post("post r", "r", 0)];
        assert_eq!(ledger.create(batch).await, [Status::Created; 4]);
        assert_eq!(ledger.sums("a").await, (13, 5, 0, 0));

        clock.advance(Duration::from_secs(61));
        assert_eq!(ledger.create(vec![post("late", "p", 0)]).await, [Status::PendingTransferExpired]);
        eventually(PATIENCE, async || ledger.sums("a").await == (3, 5, 0, 0)).await;
        assert_eq!(ledger.sums("b").await, (0, 0, 3, 5));
        assert_eq!(ledger.create(vec![void("late", "p")]).await, [Status::PendingTransferExpired]);
        assert_eq!(ledger.transfer("p").await.unwrap().pending_state(), pb::PendingState::Expired);

        // The expiry is in the history of both accounts, so that replaying it gives the balance at
        // any time.
        let request = pb::ListAccountTransfersRequest { account_id: account("b"), page_size: 1, ..Default::default() };
        let newest = ledger.client.list_account_transfers(request).await.unwrap().into_inner().transfers.remove(0);
        assert_eq!((newest.pending_id.as_str(), newest.amount), (transfer_id("p").as_str(), 10));
        assert!(newest.flags.unwrap().expired && newest.flags.unwrap().void_pending_transfer);
        assert_eq!(ledger.service.row_counts().await["0.due"], 0);
        ledger.finish().await;
    }

    async fn a_caller_cannot_make_an_expiry(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let mut expiry = void("v", "p");
        expiry.flags.as_mut().unwrap().expired = true;
        assert_eq!(ledger.create(vec![pending("p", 1, 60), expiry]).await, [Status::Created, Status::ReservedFlag]);
        ledger.finish().await;
    }

    async fn what_was_resolved_in_time_never_expires(engine: Engine) {
        let (ledger, clock) = TestLedger::start_with_clock(engine).await;
        let many: Vec<_> = (0..1500).map(|n| pending(&format!("p {n}"), 1, 30)).collect();
        assert_eq!(ledger.create(many).await, vec![Status::Created; 1500]);
        let posts: Vec<_> = (0..400).map(|n| post(&format!("r {n}"), &format!("p {n}"), 0)).collect();
        assert_eq!(ledger.create(posts).await, vec![Status::Created; 400]);
        clock.advance(Duration::from_secs(31));
        eventually(PATIENCE, async || ledger.sums("a").await == (0, 400, 0, 0)).await;
        assert_eq!(ledger.account("a").await.transfer_count, 1500 + 400 + 1100);
        assert_eq!(ledger.service.row_counts().await["0.due"], 0);
        ledger.finish().await;
    }
}
