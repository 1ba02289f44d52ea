//! AuditPayments.

use souk_testkit::{Engine, on_each_engine};

use crate::support::{Mood, TestPayments, authorization, capture, new_refund_id, refund};

on_each_engine! {
    async fn a_shop_in_which_all_is_well_has_no_findings(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        shop.refund(refund(&id, &new_refund_id(), 40)).await.unwrap();
        let part = shop.authorized("tok_approved").await;
        shop.capture(capture(&part, "a", Some(10), false)).await.unwrap();
        shop.authorize(&authorization("tok_declined")).await.unwrap_err();
        shop.agree().await;
        let audit = shop.audit().await;
        let count = |what: &str| audit.counts.iter().find(|count| count.what == what).map(|count| count.count);
        assert_eq!(count("payments"), Some(3));
        assert_eq!(count("transfers"), Some(6));
        assert_eq!(count("charges"), Some(3));
        assert_eq!(count("currencies"), Some(1));
    }

    async fn a_transfer_that_is_missing_is_found(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        shop.captured("tok_approved").await;
        shop.ledger.forget_one_of(&id);
        let findings = shop.audit().await.findings;
        assert!(findings.iter().any(|finding| finding.subject == id), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.subject == id || finding.subject == "GBP"), "{findings:?}");
    }

    async fn what_is_in_flight_is_no_finding(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        shop.authorize(&authorization("tok_lost_after")).await.unwrap_err();
        shop.ledger.set(Mood::Down);
        shop.authorize(&authorization("tok_approved")).await.unwrap_err();
        let audit = shop.audit().await;
        assert_eq!(audit.findings, vec![]);
        let in_flight = audit.counts.iter().find(|count| count.what == "payments in flight").unwrap();
        assert_eq!(in_flight.count, 2);
    }
}
