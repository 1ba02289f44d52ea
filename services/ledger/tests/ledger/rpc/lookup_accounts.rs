//! LookupAccounts.

use souk_chassis::Caller;
use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Status, TestLedger, account, client, transfer};

on_each_engine! {
    async fn accounts_are_found_in_the_order_asked_and_unknown_ones_are_named(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        assert_eq!(ledger.create(vec![transfer("1", "a", "debt", 7)]).await, [Status::Created]);
        let request = pb::LookupAccountsRequest { account_ids: ["debt", "nobody", "a", "debt"].map(account).into() };
        let pb::LookupAccountsResponse { accounts: found, missing_account_ids: missing } = ledger.client.lookup_accounts(request).await.unwrap().into_inner();
        let names: Vec<_> = found.iter().map(|account| account.user_data.as_str()).collect();
        assert_eq!(names, ["debt", "a", "debt"]);
        assert_eq!((missing, found[0].currency_code.as_str()), (vec![account("nobody")], "GBP"));
        assert_eq!((found[0].credits_posted, found[1].debits_posted, found[0].transfer_count), (7, 7, 1));
        assert!(found[0].flags.unwrap().debits_must_not_exceed_credits && !found[1].flags.unwrap().debits_must_not_exceed_credits);
        ledger.finish().await;
    }

    async fn customers_do_not_see_accounts(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let request = pb::LookupAccountsRequest { account_ids: vec![account("a")] };
        let status = client(&ledger.service, &Caller::user("alice")).lookup_accounts(request.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert!(client(&ledger.service, &Caller::Service("orders".into())).lookup_accounts(request).await.is_ok());
        ledger.finish().await;
    }
}
