//! The invariants of payments.

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

/// Changes a stopped service's data behind its back, as a fault of a disk or a person would.
async fn tamper(shop: &mut TestPayments, database: usize, sql: &str) {
    shop.stop().await;
    let file = shop.service.databases()[database].file().expect("a SQLite file");
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
    shop.restart().await;
}

/// Returns which invariants are broken, by name.
async fn broken(shop: &TestPayments) -> Vec<String> {
    shop.audit().await.findings.into_iter().map(|finding| finding.invariant).collect()
}

#[test]
fn what_was_changed_behind_the_back_of_the_service_is_found() {
    souk_testkit::run(async {
        const PAYMENTS: usize = 0;
        const BOOK: usize = 1;
        let book_differs = "the provider's book has the amounts of the payment";
        let attempts_differ = "the amounts of a payment are what its attempts add up to";
        let cases: [(usize, &str, &[&str]); 5] = [
            (BOOK, "UPDATE charges SET captured_minor = 101", &[book_differs]),
            (BOOK, "DELETE FROM charges", &[book_differs]),
            (
                BOOK,
                "UPDATE charges SET payment_id = x'00000000000000000000000000000001'",
                &[book_differs, "every charge in the provider's book belongs to a payment"],
            ),
            (PAYMENTS, "UPDATE payments SET captured_minor = 90", &[attempts_differ, book_differs]),
            (
                PAYMENTS,
                "UPDATE refunds SET state = 3",
                &["the refunded amount of a payment is what its refunds add up to"],
            ),
        ];
        for (database, sql, expected) in cases {
            let mut shop = TestPayments::with(Engine::Sqlite, &[]).await;
            let id = shop.captured("tok_approved").await;
            shop.refund(refund(&id, &new_refund_id(), 40)).await.unwrap();
            shop.agree().await;
            tamper(&mut shop, database, sql).await;
            let broken = broken(&shop).await;
            for invariant in expected {
                assert!(broken.iter().any(|found| found == invariant), "{sql}: {broken:?}");
            }
        }
    });
}
