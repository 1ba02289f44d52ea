//! CreateAccounts.

use souk_chassis::Caller;
use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, field_violations, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{AccountStatus as Status, TestLedger, client, new_account};

on_each_engine! {
    async fn an_account_is_created_once_and_its_id_belongs_to_it_for_ever(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let first = new_account("new");
        assert_eq!(ledger.create_accounts(vec![first.clone()]).await, [Status::Created]);
        let batch = vec![
            first.clone(),
            pb::NewAccount { code: 2, ..first.clone() },
            pb::NewAccount { ledger: 840, ..first.clone() },
            pb::NewAccount { user_data: "other".into(), ..first.clone() },
            pb::NewAccount { flags: Some(pb::AccountFlags { linked: false, debits_must_not_exceed_credits: true, ..Default::default() }), ..first },
            new_account("next"),
        ];
        assert_eq!(ledger.create_accounts(batch).await, [
            Status::Exists,
            Status::ExistsWithDifferentCode,
            Status::ExistsWithDifferentLedger,
            Status::ExistsWithDifferentUserData,
            Status::ExistsWithDifferentFlags,
            Status::Created,
        ]);
        assert_eq!(ledger.account("new").await.code, 1);
        ledger.finish().await;
    }

    async fn an_account_needs_a_ledger_and_its_result_says_when_it_was_created(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let accounts = vec![pb::NewAccount { ledger: 978, ..new_account("euros") }, new_account("a"), new_account("new")];
        let request = pb::CreateAccountsRequest { accounts: accounts.clone() };
        let results = ledger.client.create_accounts(request).await.unwrap().into_inner().results;
        let statuses: Vec<_> = results.iter().map(pb::CreateAccountResult::status).collect();
        assert_eq!(statuses, [Status::LedgerNotFound, Status::Exists, Status::Created]);
        for (result, new) in results.iter().zip(&accounts) {
            assert_eq!(result.account_id, new.account_id);
        }
        let times: Vec<_> = results.iter().map(|result| result.create_time).collect();
        assert_eq!(times, [None, ledger.account("a").await.create_time, ledger.account("new").await.create_time]);
        assert_ne!(times[1], times[2]);

        ledger.create_ledger(978, "EUR").await;
        let again = ledger.create_accounts(accounts).await;
        assert_eq!(again, [Status::Created, Status::Exists, Status::Exists], "a refusal is not remembered");
        assert_eq!(ledger.account("euros").await.currency_code, "EUR");
        ledger.finish().await;
    }

    async fn linked_accounts_are_created_all_or_not_at_all(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let linked = |name| pb::NewAccount { flags: Some(pb::AccountFlags { linked: true, ..Default::default() }), ..new_account(name) };
        let batch = vec![linked("x"), pb::NewAccount { code: 9, ..new_account("a") }, linked("y"), new_account("z"), linked("open")];
        assert_eq!(ledger.create_accounts(batch).await, [
            Status::LinkedEventFailed,
            Status::ExistsWithDifferentCode,
            Status::Created,
            Status::Created,
            Status::LinkedEventChainOpen,
        ]);
        let request = pb::LookupAccountsRequest { account_ids: ["x", "y", "z", "open"].map(crate::support::account).into() };
        let found = ledger.client.clone().lookup_accounts(request).await.unwrap().into_inner().accounts;
        assert_eq!(found.iter().map(|account| account.user_data.as_str()).collect::<Vec<_>>(), ["y", "z"]);
        ledger.finish().await;
    }

    async fn the_largest_batch_is_created_and_found_again(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let accounts: Vec<_> = (0..8190).map(|n| new_account(&format!("many {n}"))).collect();
        assert_eq!(ledger.create_accounts(accounts.clone()).await, vec![Status::Created; 8190]);
        assert_eq!(ledger.create_accounts(accounts.clone()).await, vec![Status::Exists; 8190]);
        let account_ids: Vec<String> = accounts.iter().rev().map(|account| account.account_id.clone()).collect();
        let request = pb::LookupAccountsRequest { account_ids: account_ids.clone() };
        let found = ledger.client.clone().lookup_accounts(request).await.unwrap().into_inner().accounts;
        assert_eq!(found.into_iter().map(|account| account.account_id).collect::<Vec<_>>(), account_ids);
        ledger.finish().await;
    }

    async fn concurrent_creations_of_the_same_accounts_create_each_once(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let accounts: Vec<_> = (0..50).map(|n| new_account(&format!("shared {n}"))).collect();
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let mut client = ledger.client.clone();
                let accounts = accounts.clone();
                tokio::spawn(async move { client.create_accounts(pb::CreateAccountsRequest { accounts }).await.unwrap().into_inner() })
            })
            .collect();
        let mut created = 0;
        for call in calls {
            for result in call.await.unwrap().results {
                assert!(matches!(result.status(), Status::Created | Status::Exists));
                created += u32::from(result.status() == Status::Created);
            }
        }
        assert_eq!(created, 50);
        ledger.finish().await;
    }

    async fn what_breaks_a_field_rule_or_has_no_access_changes_nothing(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let before = ledger.service.row_counts().await;
        let wrong = [
            (vec![], "accounts"),
            (vec![pb::NewAccount { account_id: "transfer_00000000000000000000000000".into(), ..new_account("x") }], "accounts[0].account_id"),
            (vec![new_account("x"), pb::NewAccount { ledger: 0, ..new_account("y") }], "accounts[1].ledger"),
            (vec![pb::NewAccount { code: 65_536, ..new_account("x") }], "accounts[0].code"),
            (vec![pb::NewAccount { user_data: "x".repeat(129), ..new_account("x") }], "accounts[0].user_data"),
        ];
        for (accounts, field) in wrong {
            let status = ledger.client.create_accounts(pb::CreateAccountsRequest { accounts }).await.unwrap_err();
            assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD"));
            assert_eq!(field_violations(&status)[0].field, field);
        }
        for (caller, code) in [
            (Caller::Anonymous, Code::Unauthenticated),
            (Caller::user("alice"), Code::PermissionDenied),
        ] {
            let request = pb::CreateAccountsRequest { accounts: vec![new_account("x")] };
            let status = client(&ledger.service, &caller).create_accounts(request).await.unwrap_err();
            assert_eq!(status.code(), code, "{caller}");
        }
        assert_eq!(ledger.service.row_counts().await, before);
        ledger.finish().await;
    }
}
