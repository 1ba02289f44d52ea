//! GetTrialBalance.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::{AccountStatus, GBP, Status, TestLedger, USD, new_account, pending, transfer};

on_each_engine! {
    async fn each_ledger_has_a_line_in_which_debits_equal_credits(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let usd = |name| pb::NewAccount { ledger: 840, ..new_account(name) };
        assert_eq!(ledger.create_accounts(vec![usd("us a"), usd("us b")]).await, [AccountStatus::Created; 2]);
        let dollars = pb::NewTransfer { ledger: 840, ..transfer("3", "us a", "us b", 11) };
        assert_eq!(ledger.create(vec![transfer("1", "a", "b", 5), pending("2", 7, 0), dollars]).await, [Status::Created; 3]);

        let lines = ledger.client.get_trial_balance(pb::GetTrialBalanceRequest { ledger: 0 }).await.unwrap().into_inner().lines;
        let line = |ledger, currency: &str, pending, posted, account_count| pb::TrialBalanceLine {
            ledger,
            balance: Some(pb::AccountBalance { debits_pending: pending, debits_posted: posted, credits_pending: pending, credits_posted: posted, currency_code: currency.into() }),
            account_count,
        };
        assert_eq!(lines, [line(GBP, "GBP", 7, 5, 4), line(USD, "USD", 0, 11, 2)]);
        let one = ledger.client.get_trial_balance(pb::GetTrialBalanceRequest { ledger: 840 }).await.unwrap().into_inner().lines;
        assert_eq!(one, lines[1..]);
        ledger.finish().await;
    }
}
