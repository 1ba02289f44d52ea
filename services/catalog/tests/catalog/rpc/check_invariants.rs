//! The invariants of the catalogue: what is wrong is found, whatever made it so.

use souk_client::catalog::v1 as pb;
use souk_testkit::TestDb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

async fn tamper(database: &TestDb, statement: &str) -> bool {
    match database.file() {
        Some(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {statement}")).is_ok()
        }
        None => {
            use sea_orm::ConnectionTrait;
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            let statement = format!("SET session_replication_role = replica; {statement}");
            let is_done = connection.execute_unprepared(&statement).await.is_ok();
            connection.close().await.unwrap();
            is_done
        }
    }
}

on_each_engine! {
    async fn a_sound_catalogue_has_no_findings_and_counts_what_it_read(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, rug, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        catalog.price(&rug, "EUR", 600).await;
        let audit = catalog.audit().await;
        assert!(audit.findings.is_empty());
        let counts: Vec<(&str, i64)> = audit.counts.iter().map(|count| (&*count.what, count.count)).collect();
        assert_eq!(counts, [("products", 1), ("variants", 1), ("prices", 2), ("default_prices", 2)]);
        catalog.finish().await;
    }

    async fn every_breach_is_found(engine: Engine) {
        for (statement, invariant) in [
            ("DELETE FROM products WHERE title = 'Tea'", "every variant has its product"),
            ("DELETE FROM variants WHERE sku = 'TEA-1'", "every price has its variant"),
            (
                "UPDATE default_prices SET price_id = (SELECT price_id FROM prices WHERE minor_units = 500)",
                "a default price belongs to its variant, currency and channel",
            ),
            (
                "UPDATE default_prices SET channel = 'b2b'",
                "a default price belongs to its variant, currency and channel",
            ),
            (
                "UPDATE prices SET archive_time = 1 WHERE minor_units = 500",
                "a default price is not archived",
            ),
            (
                "UPDATE default_prices SET price_id = (SELECT price_id FROM prices WHERE minor_units = 400) \
                 WHERE price_id = (SELECT price_id FROM prices WHERE minor_units = 500)",
                "a default price is public",
            ),
        ] {
            let mut catalog = TestCatalog::start(engine).await;
            let (_, rug, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
            catalog.price_for(pb::PriceAudience::Restricted, &rug, 400).await;
            catalog.on_sale("Tea", "TEA-1", 300).await;
            assert!(tamper(&catalog.service.databases()[0], statement).await, "{statement}");
            let found: Vec<String> =
                catalog.audit().await.findings.into_iter().map(|finding| finding.invariant).collect();
            assert!(found.iter().any(|name| name == invariant), "{statement}: {found:?}");
            catalog.service.stop().await;
        }
    }

    async fn the_amount_of_a_price_never_changes_and_no_price_goes(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.on_sale("Rug", "RUG-1", 500).await;
        let database = &catalog.service.databases()[0];
        for statement in [
            "UPDATE prices SET minor_units = 1",
            "UPDATE prices SET create_time = 1",
            "UPDATE prices SET audience = 2",
            "UPDATE prices SET channel = 'b2b'",
            "UPDATE prices SET metadata = '{\"a\":\"b\"}'",
            "DELETE FROM prices",
        ] {
            let refused = match database.file() {
                Some(_) => !tamper(database, statement).await,
                None => {
                    use sea_orm::ConnectionTrait;
                    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
                    let is_refused = connection.execute_unprepared(statement).await.is_err();
                    connection.close().await.unwrap();
                    is_refused
                }
            };
            assert!(refused, "{statement}");
        }
        catalog.finish().await;
    }
}
