//! ListAccounts.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};

use crate::support::{AccountStatus, TestLedger, new_account};

on_each_engine! {
    async fn every_account_is_listed_once_page_by_page(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let mut request = pb::ListAccountsRequest { page_size: 3, ..Default::default() };
        let first = ledger.client.list_accounts(request.clone()).await.unwrap().into_inner();
        request.page_token = first.next_page_token;
        let second = ledger.client.list_accounts(request).await.unwrap().into_inner();
        let names: Vec<_> = first.accounts.iter().chain(&second.accounts).map(|account| account.user_data.as_str()).collect();
        assert_eq!((names, second.next_page_token.as_str()), (vec!["a", "b", "debt", "asset"], ""));
        ledger.finish().await;
    }

    async fn a_ledger_and_a_code_can_be_asked_for_and_a_token_fits_its_question_only(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let other = |name, ledger, code| pb::NewAccount { ledger, code, ..new_account(name) };
        let created = ledger.create_accounts(vec![other("usd 1", 840, 1), other("usd 2", 840, 2), other("gbp 2", 826, 2)]).await;
        assert_eq!(created, [AccountStatus::Created; 3]);
        for (ledger_number, code, user_data, expected) in [
            (840, 0, "", vec!["usd 1", "usd 2"]),
            (840, 2, "", vec!["usd 2"]),
            (0, 2, "", vec!["usd 2", "gbp 2"]),
            (1, 0, "", vec![]),
            (0, 0, "usd 2", vec!["usd 2"]),
            (826, 0, "usd 2", vec![]),
        ] {
            let user_data = user_data.into();
            let request = pb::ListAccountsRequest { ledger: ledger_number, code, user_data, ..Default::default() };
            let page = ledger.client.list_accounts(request).await.unwrap().into_inner();
            assert_eq!(page.accounts.iter().map(|account| account.user_data.as_str()).collect::<Vec<_>>(), expected);
            assert_eq!(page.next_page_token, "");
        }
        let page = ledger.client.list_accounts(pb::ListAccountsRequest { page_size: 1, ledger: 840, ..Default::default() }).await;
        let page_token = page.unwrap().into_inner().next_page_token;
        let status = ledger.client.list_accounts(pb::ListAccountsRequest { page_token, ledger: 826, ..Default::default() }).await.unwrap_err();
        assert_eq!(reason_of(&status), "ERROR_REASON_INVALID_PAGE_TOKEN");
        ledger.finish().await;
    }
}
